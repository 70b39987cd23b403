using k8s.Autorest;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Cluster;

public sealed class CreationsTests : ByHandTests
{
    private const int AtOnce = 8;

    [Fact]
    public async Task EightObjectsAreMadeAtATimeAndOtherWritesGoOnBesideThem()
    {
        var pool = await Operator.Writer.CreateAsync(InformerTests.Pool(Space.Name, "first"), CancellationToken.None);
        await using var webhook = await RefusingWebhook.StartAsync(Space, "no more pools", "CREATE vmpools.templating.dev");
        var (inside, most) = (0, 0);
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var counting = new Lock();
        webhook.BeforeAnswer = async () =>
        {
            lock (counting)
            {
                most = Math.Max(most, ++inside);
                if (inside == AtOnce)
                {
                    full.TrySetResult();
                }
            }

            await go.Task;
            lock (counting)
            {
                inside--;
            }
        };
        var creations = Enumerable.Range(0, 2 * AtOnce)
            .Select(i => Should.ThrowAsync<HttpOperationException>(Operator.Writer.CreateAsync(InformerTests.Pool(Space.Name, $"pool-{i}"), CancellationToken.None)))
            .ToList();
        await full.Task.WaitAsync(Eventually.Limit);

        var written = await Operator.Writer.ApplyStatusAsync(pool, new VMPoolStatus { Replicas = 1, Selector = "" }, CancellationToken.None);

        written.Status!.Replicas.ShouldBe(1);
        go.SetResult();
        await Task.WhenAll(creations);
        most.ShouldBe(AtOnce);
    }
}
