using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

public sealed class GrowthTests : NodeTest
{
    [Fact]
    public async Task CloneOfASandboxGrowsAndTheNextDaemonKnowsIt()
    {
        var folder = new NodeFolder();
        await using var node = await TestNode.StartAsync(folder);
        var spec = GuestSpecs.Web();
        spec.Sandbox = true;
        spec.Network = null;
        spec.Machine.MaxMemoryBytes = 512L << 20;
        await node.Client.BuildAsync("sandbox", spec, Limit);
        var clone = await node.Client.CloneAsync(Limit, r => r.Spec.Template = $"tenants/{PreparedStore.Tenant}/templates/sandbox");

        var grown = await node.Client.Clones.ResizeCloneAsync(new ResizeCloneRequest { Name = clone.Name, MemoryBytes = 256L << 20 }, cancellationToken: Limit);

        grown.MemoryBytes.ShouldBe(256L << 20);
        grown.ChargedBytes.ShouldBe(clone.ChargedBytes + (128L << 20));
        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();
        var again = await node.Client.Clones.ResizeCloneAsync(new ResizeCloneRequest { Name = clone.Name, MemoryBytes = 512L << 20 }, cancellationToken: Limit);
        again.ChargedBytes.ShouldBe(clone.ChargedBytes + (384L << 20));
        var total = (await node.Client.ShellAsync(clone, "sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo", Limit)).Output;
        long.Parse(total, System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(400 << 10, 512 << 10);
        await FailsAsync(
            node.Client.Clones.ResizeCloneAsync(new ResizeCloneRequest { Name = clone.Name, MemoryBytes = 640L << 20 }, cancellationToken: Limit).ResponseAsync,
            StatusCode.InvalidArgument, "INVALID_ARGUMENT");
    }
}
