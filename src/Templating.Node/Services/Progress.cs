using System.Threading.Channels;

namespace Templating.Node.Services;

/// <summary>
/// Carries progress of a task to its caller. Reporting never waits: a caller too slow for all of it misses the
/// oldest, and the task goes on at its own speed.
/// </summary>
internal sealed class Progress<T>(int capacity) : IProgress<T>
{
    private readonly Channel<T> _channel = Channel.CreateBounded<T>(
        new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Report(T value) => _channel.Writer.TryWrite(value);

    /// <summary>Runs the task and sends what it reports; returns its result when all is sent.</summary>
    public async Task<TResult> RunAsync<TResult>(Func<IProgress<T>, Task<TResult>> run, Func<T, Task> send)
    {
        var result = RunThenCompleteAsync(run);
        await foreach (var item in _channel.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await send(item);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or OperationCanceledException)
            {
                // The caller is gone, and its call's cancellation ends the task: wait for that, so nothing runs unowned.
                return await result;
            }
        }

        return await result;
    }

    private async Task<TResult> RunThenCompleteAsync<TResult>(Func<IProgress<T>, Task<TResult>> run)
    {
        try
        {
            return await run(this);
        }
        finally
        {
            _channel.Writer.Complete();
        }
    }
}
