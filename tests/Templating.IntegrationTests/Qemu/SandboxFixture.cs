using Templating.Core.Machines;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

/// <summary>A frozen guest whose clones may grow and be plugged into.</summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    public FrozenTemplate Template { get; private set; } = null!;

    public async Task InitializeAsync() => Template = await FrozenTemplate.BootTemplateAsync(
        new MachineSpec { MaxVcpus = 4, MaxMemoryBytes = 1024 * MachineSpec.MiB }, sandbox: true);

    public async Task DisposeAsync() => await Template.DisposeAsync();
}
