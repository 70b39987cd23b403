namespace Templating.Kubectl.Load.Schedules;

/// <summary>Who is next: by turns, and within a turn as evenly as the shares allow.</summary>
internal sealed class Turns
{
    private readonly int[] _order;
    private int _next;

    /// <param name="shares">At least one, each 1 or more.</param>
    public Turns(IReadOnlyList<int> shares) => _order =
    [
        .. shares.SelectMany((share, who) => Enumerable.Range(0, share).Select(i => (Place: (i + 0.5) / share, Who: who)))
            .OrderBy(turn => turn.Place).ThenBy(turn => turn.Who).Select(turn => turn.Who),
    ];

    /// <returns>The index of the one.</returns>
    public int Next() => _order[_next++ % _order.Length];
}
