using System.Diagnostics.Metrics;
using Templating.Core.Errors;

namespace Templating.Core.Diagnostics;

/// <summary>
/// How many objects are in each state, read when someone looks, of one owner or of several. A state in which there is none
/// is zero, not absent: an alert on what is absent stays silent.
/// </summary>
internal sealed class StateGauge
{
    private readonly List<Func<IEnumerable<Measurement<int>>>> _reads = [];
    private readonly Lock _lock = new();

    public StateGauge(Meter meter, string name, string unit, string description) =>
        meter.CreateObservableGauge(name, Read, unit, description);

    /// <param name="states">All there are.</param>
    /// <param name="read">The state of each object.</param>
    /// <param name="labels">Beside <c>state</c>.</param>
    public void Add<TState>(IReadOnlyList<TState> states, Func<IEnumerable<TState>> read, params KeyValuePair<string, object?>[] labels)
        where TState : struct, Enum
    {
        lock (_lock)
        {
            _reads.Add(() =>
            {
                var counts = read().CountBy(state => state).ToDictionary();
                return states.Select(state => new Measurement<int>(
                    counts.GetValueOrDefault(state), [new("state", ErrorReasons.Of(state)), .. labels]));
            });
        }
    }

    private IEnumerable<Measurement<int>> Read()
    {
        lock (_lock)
        {
            return [.. _reads.SelectMany(read => read())];
        }
    }
}
