using Polling = Templating.Testing.Eventually;

namespace Templating.ClusterTests.Cluster;

/// <summary>Waits for what a cluster does in its own time; a failure tells what else is in the cluster.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <param name="look">What is; null when it is not there.</param>
    /// <param name="isSo">Whether that is what was waited for.</param>
    /// <param name="what">For the failure: what was waited for.</param>
    public static Task<T> SeeAsync<T>(Func<Task<T?>> look, Func<T, bool> isSo, string what)
        where T : class => Polling.SeeAsync(look, isSo, what, Limit, Interval, ExplainAsync);

    public static async Task GoneAsync<T>(Func<Task<T?>> look, string what)
        where T : class
    {
        T? last = null;
        await Polling.SeeAsync(
            async () => (last = await look()) is null ? what : null, _ => true, $"{what} is gone", Limit, Interval, _ => ExplainAsync(last));
    }

    private static async Task<string> ExplainAsync<T>(T? seen)
        where T : class =>
        $"Last seen: {(seen is null ? "nothing" : k8s.KubernetesJson.Serialize(seen))}\n{await Diagnosis.ReadAsync()}";
}
