using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Pods;

public sealed class DaemonHealthTests : ByHandTests
{
    [Fact]
    public async Task ADaemonThatIsRestartedIsWaitedForAndOneThatDoesNotComeBackIsLost()
    {
        (await Operator.DaemonAsync()).LostIn.ShouldBeNull();
        await Space.RemoveDaemonAsync(1);
        var away = await Operator.DaemonAsync();
        away.LostIn.ShouldBe(TimeSpan.FromSeconds(30));
        away.Message.ShouldContain($"No daemon runs on node '{Space.Node(1).Name}'");
        Operator.Time.Advance(TimeSpan.FromSeconds(29));
        Operator.Daemon().IsLost.ShouldBeFalse();

        await Space.AddDaemonAsync(1);
        (await Operator.DaemonAsync()).LostIn.ShouldBeNull();
        await Space.RemoveDaemonAsync(1);
        (await Operator.DaemonAsync()).LostIn.ShouldBe(TimeSpan.FromSeconds(30), "the patience begins anew");
        Operator.Time.Advance(TimeSpan.FromSeconds(30));

        Operator.Daemon().IsLost.ShouldBeTrue();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task ThePatienceWithADaemonIsNotMovedByTheClock(int days)
    {
        var fake = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var clock = new SteppedClock(fake);
        await using var stepped = await OperatorByHand.StartAsync(Space, clock);
        await Space.RemoveDaemonAsync(1);
        (await stepped.DaemonAsync()).LostIn.ShouldBe(TimeSpan.FromSeconds(30));

        clock.Step = TimeSpan.FromDays(days);

        stepped.Daemon().LostIn.ShouldBe(TimeSpan.FromSeconds(30));
        fake.Advance(TimeSpan.FromSeconds(30));
        stepped.Daemon().IsLost.ShouldBeTrue();
    }

    [Fact]
    public async Task ADaemonThatServesItsKubeletIsThereThoughTheOperatorDoesNotReachIt()
    {
        (await Operator.DaemonAsync()).LostIn.ShouldBeNull();
        await Space.Node(1).DisposeAsync();
        await Eventually.UntilAsync(() => Operator.Daemon().LostIn is not null, "it is away");
        Operator.Daemon().Message.ShouldContain("is not ready");

        await Space.Client.CoreV1.PatchNamespacedPodStatusAsync(
            new V1Patch("""{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", V1Patch.PatchType.MergePatch),
            $"templating-node-{Space.Node(1).Name}", Space.Installation);

        await Eventually.UntilAsync(() => Operator.Daemon().LostIn is null, "it is there");
    }

    [Fact]
    public async Task ADaemonWhoseDriverTheKubeletDoesNotKnowBringsNoVolume()
    {
        await SetDriversAsync("other.example");
        (await Operator.DaemonAsync()).LostIn.ShouldNotBeNull();
        Operator.Daemon().Message.ShouldContain("does not know the CSI driver 'templating.dev'");

        await SetDriversAsync("other.example", "templating.dev");

        (await Operator.DaemonAsync()).LostIn.ShouldBeNull();
    }

    private async Task SetDriversAsync(params string[] drivers)
    {
        var name = Space.Node(1).Name;
        if ((await Space.Client.StorageV1.ListCSINodeAsync()).Items.Any(n => n.Metadata.Name == name))
        {
            await Space.Client.StorageV1.DeleteCSINodeAsync(name);
        }

        await Space.Client.StorageV1.CreateCSINodeAsync(new V1CSINode
        {
            Metadata = new V1ObjectMeta { Name = name },
            Spec = new V1CSINodeSpec { Drivers = [.. drivers.Select(d => new V1CSINodeDriver { Name = d, NodeID = name })] },
        });
    }
}
