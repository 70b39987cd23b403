using System.Threading.Channels;
using Templating.Core.Linux;

namespace Templating.Shim.Volumes;

/// <summary>
/// Calls for a new copy a moment after one of many places has changed, and again where that failed; and now and then without a reason, for
/// what the kernel did not tell.
/// </summary>
internal sealed class Following : IAsyncDisposable
{
    /// <summary>kubelet writes a set of files in several steps.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _over = new();
    private readonly FileWatch _watch;
    private readonly Task _running;

    /// <param name="copy">Copies all that has changed; false where it is to be tried again. It does not throw but for its token.</param>
    /// <param name="clock">For waiting.</param>
    /// <exception cref="IOException">The user has as many watches of files as he may have.</exception>
    public Following(Func<CancellationToken, Task<bool>> copy, TimeProvider clock)
    {
        _watch = new FileWatch(Tell);
        _running = RunAsync(copy, clock, _over.Token);
    }

    /// <exception cref="IOException">It is not there, or no more can be watched.</exception>
    public void Add(string path) => _watch.Add(path);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _watch.Dispose();
        await _running;
        _over.Dispose();
    }

    private void Tell() => _changes.Writer.TryWrite(true);

    private async Task RunAsync(Func<CancellationToken, Task<bool>> copy, TimeProvider clock, CancellationToken cancellationToken)
    {
        var pause = LongestPause;
        try
        {
            while (true)
            {
                await WaitAsync(pause, clock, cancellationToken);
                await Task.Delay(Settle, clock, cancellationToken);
                _changes.Reader.TryRead(out _);
                pause = await copy(cancellationToken) ? LongestPause : pause == LongestPause ? FirstPause : 2 * pause < LongestPause ? 2 * pause : LongestPause;
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    private async Task WaitAsync(TimeSpan pause, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var timer = clock.CreateTimer(_ => Tell(), null, pause, Timeout.InfiniteTimeSpan);
        await _changes.Reader.WaitToReadAsync(cancellationToken);
    }
}
