namespace Templating.Operator.Reconcilers.Pools;

/// <summary>What brings a pool nearer to what it should be. Pure.</summary>
internal sealed record PoolPlan(int Create, IReadOnlyList<Member> Delete)
{
    /// <summary>While old ones are replaced, so many more than wanted may be there: a quarter, at least one.</summary>
    private const int SurgePart = 4;

    /// <param name="desired">Unclaimed members wanted.</param>
    /// <param name="canCreate">Whether a revision is ready.</param>
    /// <param name="replace">Whether members of an older revision go as new ones wait.</param>
    /// <param name="members">The unclaimed ones.</param>
    public static PoolPlan Make(int desired, bool canCreate, bool replace, IReadOnlyList<Member> members)
    {
        if (!replace || !canCreate)
        {
            return new PoolPlan(
                canCreate ? Math.Max(desired - members.Count, 0) : 0,
                InOrder(members).Take(Math.Max(members.Count - desired, 0)).ToList());
        }

        var updated = members.Where(m => m.Updated).ToList();
        var old = members.Where(m => !m.Updated).ToList();
        var delete = InOrder(updated).Take(Math.Max(updated.Count - desired, 0)).ToList();

        // Old ones serve until as many new ones wait; those that do not wait yet serve nobody.
        var stillNeeded = Math.Max(desired - updated.Count(m => m.State == MemberState.Waiting), 0);
        delete.AddRange(old.Where(m => m.State == MemberState.Starting));
        var serving = old.Where(m => m.State != MemberState.Starting).ToList();
        delete.AddRange(InOrder(serving).Take(Math.Max(serving.Count - stillNeeded, 0)));

        var room = desired + Math.Max((desired + SurgePart - 1) / SurgePart, 1) - (members.Count - delete.Count);
        return new PoolPlan(Math.Max(Math.Min(desired - updated.Count, room), 0), delete);
    }

    /// <summary>Who goes first: those that serve least, then old ones, then the youngest.</summary>
    private static IEnumerable<Member> InOrder(IEnumerable<Member> members) => members
        .OrderBy(m => m.State)
        .ThenBy(m => m.Updated)
        .ThenByDescending(m => m.Pod.Metadata.CreationTimestamp ?? DateTime.MaxValue)
        .ThenBy(m => m.Pod.Metadata.Name, StringComparer.Ordinal);
}
