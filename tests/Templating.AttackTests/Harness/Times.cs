using System.Collections.Concurrent;

namespace Templating.AttackTests.Harness;

/// <summary>How long calls of a kind took.</summary>
internal sealed class Times
{
    private readonly ConcurrentBag<TimeSpan> _all = [];

    public TimeSpan Median => _all.Order().ElementAt(_all.Count / 2);

    public TimeSpan Most => _all.Max();

    public async Task TakeAsync(Func<Task> call)
    {
        var began = TimeProvider.System.GetTimestamp();
        await call();
        _all.Add(TimeProvider.System.GetElapsedTime(began));
    }

    public override string ToString() =>
        FormattableString.Invariant($"{_all.Count} (median {Median.TotalMilliseconds:0.0} ms, most {Most.TotalMilliseconds:0} ms)");
}
