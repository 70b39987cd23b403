using Templating.ClusterBenchmarks.Cluster;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>Looks at the operator while it works: how many keys wait in its queues, and its memory.</summary>
internal sealed class Sampler : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _end = new();
    private readonly Task _looking;

    public Sampler(OperatorProcess target) => _looking = LookAsync(target);

    public List<double> QueueDepths { get; } = [];

    public List<double> ResidentMiB { get; } = [];

    public async ValueTask DisposeAsync()
    {
        if (!_end.IsCancellationRequested)
        {
            await _end.CancelAsync();
            await _looking;
            _end.Dispose();
        }
    }

    private async Task LookAsync(OperatorProcess target)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, TimeProvider.System);
            do
            {
                ResidentMiB.Add(target.Figures.ResidentMiB);
                QueueDepths.Add((await target.MetricsAsync(_end.Token)).QueueDepth());
            }
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Over.
        }
    }
}
