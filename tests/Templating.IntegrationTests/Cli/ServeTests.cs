using Templating.IntegrationTests.Node;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Cli;

/// <summary>The daemon as init scripts start it.</summary>
public sealed class ServeTests : NodeTest
{
    [Theory]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full 2>/dev/full")]
    public async Task ADaemonWithoutStandardDescriptorsServesAndPutsNothingInTheirPlace(string redirections)
    {
        using var folder = new NodeFolder();
        using var serving = new ChildProcess(
            "/bin/bash",
            ["-c", $"exec {NodeExecutable.Path} serve --store-path {folder.Store} --run-path {folder.Run} --vm-users-count 0 {redirections}"],
            environment: null, redirect: true);
        using var daemon = new DaemonWait(folder);
        await daemon.WaitAsync(serving, Limit);

        foreach (var descriptor in new[] { 0, 1, 2 })
        {
            var target = new FileInfo($"/proc/{serving.Id}/fd/{descriptor}").LinkTarget;
            target.ShouldNotBeNull();
            target.ShouldNotContain("socket:");
            target.ShouldNotContain(folder.Path);
        }

        Signals.Send(serving.Id, Signals.Terminate);
        (await serving.WaitExitAsync(Limit)).ShouldBe(0);
    }
}
