using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

/// <summary>One boot for all classes of the collection.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateCollection : ICollectionFixture<TemplateFixture>
{
    public const string Name = "one frozen template";
}

public sealed class TemplateFixture : IAsyncLifetime
{
    public FrozenTemplate Template { get; private set; } = null!;

    public async Task InitializeAsync() => Template = await FrozenTemplate.BootTemplateAsync();

    public async Task DisposeAsync() => await Template.DisposeAsync();
}
