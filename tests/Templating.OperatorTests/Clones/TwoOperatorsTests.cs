using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Clones;

/// <summary>Two operators that both believe to lead, as when a leader is slow to notice that it is none any more.</summary>
public sealed class TwoOperatorsTests
{
    private const int Clones = 12;

    [Fact]
    public async Task NoVMIsGivenTwiceAndNoCloneIsLost()
    {
        await using var space = await TestSpace.WithTemplateAsync();
        await using var first = await OperatorByHand.StartAsync(space, TimeProvider.System);
        await using var second = await OperatorByHand.StartAsync(space, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(
            first.Run(stop.Token),
            second.Run(stop.Token),
            space.Kubelet.RunAsync(space.Node(1).Name, space.Wait, stop.Token));
        try
        {
            await space.CreatePoolAsync("pool", 6);
            await Eventually.UntilAsync(async () => (await space.PoolAsync("pool")).Status?.ReadyReplicas >= 6, "the pool is full");
            await Task.WhenAll(Enumerable.Range(0, Clones).Select(i => space.CreateCloneAsync($"c{i}", new VMCloneSpec { Pool = "pool" })));
            for (var i = 0; i < Clones; i++)
            {
                var name = $"c{i}";
                await Eventually.UntilAsync(async () => (await space.CloneAsync(name)).Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true, $"{name} is ready");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        // Each pod was only ever activated for one VMClone, and each VMClone has another pod.
        space.Node(1).Activations.GroupBy(a => a.Name).ShouldAllBe(g => g.Select(a => a.Activation.RequestId).Distinct().Count() == 1);
        var pods = new HashSet<string>();
        for (var i = 0; i < Clones; i++)
        {
            pods.Add((await space.CloneAsync($"c{i}")).Status!.PodUid!).ShouldBeTrue();
        }
    }
}
