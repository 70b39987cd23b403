using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Templating.OperatorTests.Harness;

/// <summary>
/// What holds of every state in which nothing is under way: another pass says the same, so it writes nothing and tells
/// nothing. A reason that only the pass knew that saw it happen does not pass.
/// </summary>
internal static class AtRest
{
    private const int Passes = 4;

    /// <param name="reconcile">One pass; returns the object then.</param>
    /// <param name="op">Its clock goes on a little between passes.</param>
    public static async Task ShouldBeAtRestAsync<T>(this OperatorByHand op, Func<Task<T>> reconcile)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        // Two come to rest: the one that sees it happen, and the one that its own write of the status wakes.
        await reconcile();
        var before = await reconcile();
        var events = op.Events.Told.Count;
        for (var pass = 0; pass < Passes; pass++)
        {
            op.Time.Advance(TimeSpan.FromSeconds(1.5));
            var after = await reconcile();
            KubernetesJson.Serialize(after).ShouldBe(KubernetesJson.Serialize(before), $"pass {pass}");
        }

        op.Events.Told.Skip(events).ShouldBeEmpty();
    }

    /// <param name="op">Its clock goes on a little between passes.</param>
    /// <param name="pass">One pass.</param>
    /// <param name="look">The object then.</param>
    /// <param name="isRefused">Whether a pass ends with a refusal, which is the queue's, for its backoff.</param>
    public static Task ShouldBeAtRestAsync<T>(this OperatorByHand op, Func<Task> pass, Func<Task<T>> look, bool isRefused)
        where T : class, IKubernetesObject<V1ObjectMeta> => op.ShouldBeAtRestAsync(async () =>
    {
        try
        {
            await pass();
        }
        catch (HttpOperationException) when (isRefused)
        {
            // What there is to see of it is in the object.
        }

        return await look();
    });
}
