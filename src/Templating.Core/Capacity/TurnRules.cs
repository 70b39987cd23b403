namespace Templating.Core.Capacity;

/// <summary>How the turns for one kind of work are shared.</summary>
internal sealed record TurnRules
{
    /// <summary>What takes turns, for messages: "starts".</summary>
    public required string What { get; init; }

    /// <summary>At once in all.</summary>
    public required int InAll { get; init; }

    /// <summary>At once for one tenant, also of those that wait for a stranger. Asked anew for each turn.</summary>
    public required Func<string, int> PerTenant { get; init; }

    /// <summary>
    /// How long a turn still counts among those of all after its holder began to wait for a stranger (a guest, a server).
    /// Longer than honest ones need, so that their work counts; short enough that silent ones hold up nobody for long.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many of one tenant's may wait: each costs a little memory. The next is refused.</summary>
    public int MaxWaiting { get; init; } = 1000;
}
