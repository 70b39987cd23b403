namespace Templating.Core.Capacity;

/// <summary>A turn at work of which only so much is done at once; given back once, on dispose.</summary>
internal sealed class Turn(FairTurns owner, string tenant) : IDisposable
{
    private readonly FairTurns _owner = owner;
    private ITimer? _patience;

    public string Tenant => tenant;

    /// <summary>Whether it counts among those of all tenants. Under the owner's lock.</summary>
    internal bool IsCounted { get; set; } = true;

    /// <summary>Whether nobody waits for what is done with it. Under the owner's lock.</summary>
    internal bool IsIdle { get; set; }

    /// <summary>Under the owner's lock.</summary>
    internal bool IsGivenBack { get; set; }

    /// <summary>
    /// While somebody is waited for who is not ours to hurry: a guest, a server, other work with a bound of its own. After
    /// the rules' patience the turn counts for its tenant alone, until what this returns is disposed.
    /// </summary>
    public IDisposable Await()
    {
        _patience = _owner.BeginPatience(this);
        return new Awaiting(this);
    }

    public void Dispose()
    {
        _patience?.Dispose();
        _owner.GiveBack(this);
    }

    private sealed class Awaiting(Turn turn) : IDisposable
    {
        public void Dispose()
        {
            turn._patience?.Dispose();
            turn._owner.Count(turn);
        }
    }
}
