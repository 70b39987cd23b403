namespace Templating.ClusterTests.Cluster;

/// <summary>Waits for what a cluster does in its own time. The limit is one that only a broken test reaches.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <param name="look">What is; null when it is not there.</param>
    /// <param name="isSo">Whether that is what was waited for.</param>
    /// <param name="what">For the failure: what was waited for.</param>
    public static async Task<T> SeeAsync<T>(Func<Task<T?>> look, Func<T, bool> isSo, string what)
        where T : class
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await look();
            if (seen is not null && isSo(seen))
            {
                return seen;
            }

            if (TimeProvider.System.GetElapsedTime(start) > Limit)
            {
                var found = seen is null ? "nothing" : k8s.KubernetesJson.Serialize(seen);
                throw new TimeoutException($"Not seen within {Limit}: {what}. Last seen: {found}\n{await Diagnosis.ReadAsync()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    public static async Task GoneAsync<T>(Func<Task<T?>> look, string what)
        where T : class
    {
        var start = TimeProvider.System.GetTimestamp();
        while (await look() is { } seen)
        {
            if (TimeProvider.System.GetElapsedTime(start) > Limit)
            {
                throw new TimeoutException(
                    $"Still there after {Limit}: {what}. {k8s.KubernetesJson.Serialize(seen)}\n{await Diagnosis.ReadAsync()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }
}
