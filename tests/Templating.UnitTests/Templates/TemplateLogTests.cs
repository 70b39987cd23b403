using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Templating.Core.Names;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Templates;

public sealed class TemplateLogTests
{
    [Fact]
    public async Task EachPublicationAndEachDeletionIsOneLine()
    {
        using var lines = new FakeLoggerProvider();
        using var logs = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(lines));
        await using var node = new FakeNode(logs: logs);
        await node.StartAsync();

        var first = (await node.BuildAsync()).Name;
        var second = (await node.Templates.CreateAsync(node.Request() with { RevisionHistoryLimit = 0 }, null, CancellationToken.None)).Name;
        await node.Templates.DeleteAsync(new TemplateName("a", "t"), second.Revision, force: false, CancellationToken.None);

        Told("Published", first).ShouldBe(1);
        Told("Published", second).ShouldBe(1);
        Told("Deleted", first).ShouldBe(1, "it had to go for the second");
        Told("Deleted", second).ShouldBe(1);

        int Told(string verb, RevisionName name) =>
            lines.Collector.GetSnapshot().Count(l => l.Message.StartsWith($"{verb} {name}", StringComparison.Ordinal));
    }
}
