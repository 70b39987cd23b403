using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>Somebody who waits for an object to be as wanted.</summary>
internal sealed class Waiter<T>(Func<T?, bool> condition)
    where T : class
{
    // Not inline: the watch's next event must not wait for what the waiter does then.
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<long> Task => _done.Task;

    public void Look(T? item, long now)
    {
        try
        {
            if (!_done.Task.IsCompleted && condition(item))
            {
                _done.TrySetResult(now);
            }
        }
        catch (BenchmarkException e)
        {
            _done.TrySetException(e);
        }
    }

    public void Fail(BenchmarkException failure) => _done.TrySetException(failure);
}
