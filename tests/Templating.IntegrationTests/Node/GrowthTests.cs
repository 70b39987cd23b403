using System.Globalization;
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
        spec.Machine.MaxMemoryBytes = 640L << 20;
        spec.Machine.MaxVcpus = 4;
        await node.Client.BuildAsync("sandbox", spec, Limit);
        var clone = await node.Client.CloneAsync(Limit, r => r.Spec.Template = $"tenants/{PreparedStore.Tenant}/templates/sandbox");

        (await GuestHasAsync(node, clone)).Vcpus.ShouldBe(1);

        var grown = await ResizeAsync(node, clone, vcpus: 2, mebibytes: 384);

        (grown.Vcpus, grown.MemoryBytes).ShouldBe((2, 384L << 20));
        grown.ChargedBytes.ShouldBe(clone.ChargedBytes + (256L << 20));
        var (vcpus, memory) = await GuestHasAsync(node, clone);
        vcpus.ShouldBe(2);
        memory.ShouldBeInRange(300 << 10, 384 << 10);
        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();
        (await node.Client.Clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name }, cancellationToken: Limit)).Vcpus.ShouldBe(2);
        (await ResizeAsync(node, clone, vcpus: 4, mebibytes: 0)).MemoryBytes.ShouldBe(384L << 20);
        var again = await ResizeAsync(node, clone, vcpus: 0, mebibytes: 640);
        again.ChargedBytes.ShouldBe(clone.ChargedBytes + (512L << 20));
        (vcpus, memory) = await GuestHasAsync(node, clone);
        vcpus.ShouldBe(4);
        memory.ShouldBeInRange(500 << 10, 640 << 10);
        await FailsAsync(ResizeAsync(node, clone, vcpus: 3, mebibytes: 768), StatusCode.InvalidArgument, "INVALID_ARGUMENT");
    }

    private async Task<VmClone> ResizeAsync(TestNode node, VmClone clone, int vcpus, long mebibytes) => await node.Client.Clones.ResizeCloneAsync(
        new ResizeCloneRequest { Name = clone.Name, Vcpus = vcpus, MemoryBytes = mebibytes << 20 }, cancellationToken: Limit);

    /// <summary>By the guest's own word: CPUs, and RAM in KiB.</summary>
    private async Task<(int Vcpus, long Memory)> GuestHasAsync(TestNode node, VmClone clone)
    {
        var words = (await node.Client.ShellAsync(clone, "echo $(nproc) $(sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)", Limit)).Output.Split(' ');
        return (int.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture));
    }
}
