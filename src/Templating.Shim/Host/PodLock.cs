using Templating.Core.Linux;
using Templating.Shim.Errors;

namespace Templating.Shim.Host;

/// <summary>One process at a time starts a pod's shim or cleans up after it.</summary>
internal static class PodLock
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <param name="path">See <see cref="PodPlace.Lock"/>.</param>
    /// <param name="patience">Whoever has it, has it for milliseconds, and for seconds while the daemon is away.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ShimException">Another process had it all the time.</exception>
    public static async Task<IDisposable> TakeAsync(string path, TimeSpan patience, TimeProvider time)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (FileLock.TryTake(path, out var owner) is { } taken)
            {
                return taken;
            }

            if (time.GetElapsedTime(start) >= patience)
            {
                throw new ShimException(Grpc.Core.StatusCode.Unavailable, $"{owner} has held {path} for more than {patience.TotalSeconds:0.#} s.");
            }

            await Task.Delay(Interval, time, CancellationToken.None);
        }
    }
}
