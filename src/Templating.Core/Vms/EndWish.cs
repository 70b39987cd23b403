namespace Templating.Core.Vms;

/// <summary>The owner's wish that a VM ends.</summary>
/// <param name="Grace">For the guest to power off; zero: it is not asked.</param>
/// <param name="Untouched">Whether nobody had had the VM yet.</param>
/// <param name="Why">One line for people; null where the owner was told to.</param>
internal sealed record EndRequest(TimeSpan Grace, bool Untouched, string? Why = null);

internal enum Urgency
{
    /// <summary>It was asked for before, and will be sooner than this asks.</summary>
    Known,

    /// <summary>The first time.</summary>
    New,

    /// <summary>Asked for before, but not so soon.</summary>
    Sooner,
}

/// <summary>Whether a VM is to end: the first request says how, a later one can only make it sooner.</summary>
internal sealed class EndWish(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _deadline;

    public EndRequest? Request { get; private set; }

    public Urgency Add(EndRequest request)
    {
        lock (_lock)
        {
            var deadline = time.GetElapsedTime(_start) + request.Grace;
            if (Request is not null && deadline >= _deadline)
            {
                return Urgency.Known;
            }

            _deadline = deadline;
            if (Request is not null)
            {
                return Urgency.Sooner;
            }

            Request = request;
            return Urgency.New;
        }
    }
}
