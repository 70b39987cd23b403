using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Standins;
using Templating.Testing;
using Templating.V1;

namespace Templating.OperatorTests.Clones;

/// <summary>Two operators that both believe to lead, as when a leader is slow to notice that it is none any more.</summary>
public sealed class TwoOperatorsTests(VmServer server) : IClassFixture<VmServer>
{
    private const int Clones = 12;

    [Fact]
    public async Task NoVMIsGivenTwiceAndNoCloneIsLost()
    {
        await using var space = await VmNamespace.CreateAsync(server);
        await using var first = await VmOperator.StartAsync(space, TimeProvider.System);
        await using var second = await VmOperator.StartAsync(space, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(
            first.Run(stop.Token),
            second.Run(stop.Token),
            space.Kubelet.RunAsync(space.Node.Name, pod => space.Node.Tell(pod, PodState.Waiting), stop.Token));
        try
        {
            await space.CreateAsync(space.Pool("pool", 6));
            await Eventually.UntilAsync(async () => (await space.GetPoolAsync("pool")).Status?.ReadyReplicas >= 6, "the pool is full");
            await Task.WhenAll(Enumerable.Range(0, Clones).Select(i => space.CreateAsync(space.Clone($"c{i}", new VMCloneSpec { Pool = "pool" }))));
            for (var i = 0; i < Clones; i++)
            {
                var name = $"c{i}";
                await Eventually.UntilAsync(async () => (await space.GetCloneAsync(name)).Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true, $"{name} is ready");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        // Each pod was only ever activated for one VMClone, and each VMClone has another pod.
        space.Node.Activations.GroupBy(a => a.PodUid).ShouldAllBe(g => g.Select(a => a.Activation.RequestId).Distinct().Count() == 1);
        var pods = new HashSet<string>();
        for (var i = 0; i < Clones; i++)
        {
            pods.Add((await space.GetCloneAsync($"c{i}")).Status!.PodUid!).ShouldBeTrue();
        }
    }
}
