namespace Templating.Node.Linux;

/// <summary>
/// Gives garbage back when the daemon comes to rest. The collector keeps it until more is asked for, and a daemon that has
/// just started twenty clones may not be asked for days; on a node that memory is another clone's. The first time also the code
/// that its start alone needed.
/// </summary>
internal sealed class MemoryTrimmer(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Less garbage than this is not worth the milliseconds of a collection.</summary>
    private const long WorthIt = 4 << 20;

    /// <summary>More than this allocated within an interval, and the daemon is at work: not now.</summary>
    private const long AtWork = 256 << 10;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var trimmedAt = 0L;
        var before = 0L;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = GC.GetTotalAllocatedBytes(precise: false);
            if (now - before < AtWork && trimmedAt == 0)
            {
                // Once: what its work needs comes back, and is not to be looked for again after each rest.
                ResidentMemory.GiveBack();
                trimmedAt = now;
            }
            else if (now - before < AtWork && now - trimmedAt > WorthIt)
            {
                ResidentMemory.GiveBackGarbage();
                trimmedAt = now;
            }

            before = now;
        }
    }
}
