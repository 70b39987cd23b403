using Templating.Core.Linux;
using Templating.Shim.Errors;

namespace Templating.Shim.Host;

/// <summary>
/// Pods of a node that start at once do it in turn, as many at a time as it has CPUs: all together would each be so slow that the guests
/// do not answer in time, the kubelet gives up, and begins anew. VMs and containers have turns of their own, so that those who have a VM
/// are not kept from ending what they began. The turns of a shim that dies are the kernel's to give back.
/// </summary>
/// <param name="folder">Of this host's shims.</param>
/// <param name="count">Of each kind.</param>
/// <param name="time">The clock.</param>
internal sealed class StartTurns(string folder, int count, TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ForVm = TimeSpan.FromSeconds(210);
    private static readonly TimeSpan ForContainer = TimeSpan.FromSeconds(50);

    /// <summary>At least two, so that one guest that does not answer keeps nobody waiting.</summary>
    public static int Usual { get; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Waits for a turn at starting a VM.</summary>
    /// <exception cref="ShimException">Unavailable: it did not come. The kubelet, which waits four minutes, makes a sandbox anew, and nothing of the pod is lost.</exception>
    public async Task<IDisposable> TakeForVmAsync(CancellationToken cancellationToken) =>
        await TakeAsync("vm", ForVm, cancellationToken) ?? throw new ShimException(
            Grpc.Core.StatusCode.Unavailable,
            $"Too many pods start on this node: {count} at a time do, and this one's turn has not come in {ForVm.TotalSeconds:0} s. It is tried again.");

    /// <summary>Waits for a turn at starting a container; a failure would end it, or count as one of its restarts, and the kubelet waits two minutes.</summary>
    /// <returns>Null after too long a wait: it starts without.</returns>
    public Task<IDisposable?> TakeForContainerAsync(CancellationToken cancellationToken) => TakeAsync("container", ForContainer, cancellationToken);

    /// <returns>Disposed when it has started; null after too long a wait.</returns>
    private async Task<IDisposable?> TakeAsync(string kind, TimeSpan patience, CancellationToken cancellationToken)
    {
        var (start, pause) = (time.GetTimestamp(), ShortestPause);
        while (true)
        {
            for (var i = 0; i < count; i++)
            {
                if (FileLock.TryTake(Path.Combine(folder, $"lock-start-{kind}-{i}"), out _) is { } turn)
                {
                    return turn;
                }
            }

            if (time.GetElapsedTime(start) >= patience)
            {
                return null;
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause < LongestPause ? pause * 1.5 : LongestPause;
        }
    }
}
