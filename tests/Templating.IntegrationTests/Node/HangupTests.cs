using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>SIGHUP: a service manager's reload, or a terminal that goes away.</summary>
public sealed class HangupTests : NodeTest
{
    [Fact]
    public async Task HangupLooksAtThePolicyAndEndsNothing()
    {
        using var policies = new TempFolder();
        var policy = policies.Write("policy.json", """{"version": 1, "rules": []}""");
        await using var node = await TestNode.StartEmptyAsync(("POLICY_PATH", policy));

        Signals.Send(node.Daemon.Pid, Signals.Hangup).ShouldBeTrue();
        await Eventually.UntilAsync(() => node.Daemon.ReadLog().Contains("in force as they are now", StringComparison.Ordinal), "it says what is in force");
        await File.WriteAllTextAsync(policy, "{", Limit);
        Signals.Send(node.Daemon.Pid, Signals.Hangup).ShouldBeTrue();
        await Eventually.UntilAsync(() => node.Daemon.ReadLog().Contains("those before stay in force", StringComparison.Ordinal), "it says that they are not");

        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).Version.ShouldNotBeEmpty();
    }
}
