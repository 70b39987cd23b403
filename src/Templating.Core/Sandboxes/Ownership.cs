using Templating.Core.Machines;

namespace Templating.Core.Sandboxes;

/// <summary>What becomes of a try to hold a sandbox that is there.</summary>
internal enum Claim
{
    Held,

    /// <summary>Another process owns it.</summary>
    Owned,

    /// <summary>Its owner asks for something else under the same id.</summary>
    OtherRequest,

    /// <summary>Its end has begun: nobody gets it any more.</summary>
    Over,
}

/// <summary>Who has one sandbox, and whether it may live: the rules alone. It lives while its owner does and it is held or detached.</summary>
internal sealed class Ownership(VmProcessId owner, string digest)
{
    private long _hold;

    public bool IsDetached { get; private set; }

    /// <summary>Why it is over; null while it is not. The first reason counts.</summary>
    public string? Over { get; private set; }

    /// <summary>What a daemon makes of one that the daemon before it left: only what was detached and has its owner lives on.</summary>
    public static Ownership Recover(VmProcessId owner, string digest, bool isDetached, bool ownerLives)
    {
        var left = new Ownership(owner, digest) { IsDetached = isDetached };
        if (!ownerLives)
        {
            left.End(OwnerEnded(owner));
        }
        else if (!isDetached)
        {
            left.End("the call that held it broke off with the daemon");
        }

        return left;
    }

    public static string OwnerEnded(VmProcessId owner) => $"its owner, process {owner.Pid}, has ended";

    /// <summary>Gives it to a call of its owner, in the place of the call before.</summary>
    /// <param name="process">Who is to own it.</param>
    /// <param name="request">The digest of what is asked for.</param>
    /// <param name="hold">The call's number, by which it is held.</param>
    public Claim Take(VmProcessId process, string request, out long hold)
    {
        hold = 0;
        var claim = Over is not null ? Claim.Over
            : process != owner ? Claim.Owned
            : !string.Equals(request, digest, StringComparison.Ordinal) ? Claim.OtherRequest
            : Claim.Held;
        if (claim == Claim.Held)
        {
            hold = ++_hold;
        }

        return claim;
    }

    /// <summary>Whether that call is the one that holds it.</summary>
    public bool IsHeldBy(long hold) => Over is null && hold == _hold;

    /// <returns>False where another call holds it, or it is over.</returns>
    public bool TryDetach(long hold)
    {
        IsDetached |= IsHeldBy(hold);
        return IsHeldBy(hold);
    }

    /// <summary>That call has ended.</summary>
    /// <returns>Whether the sandbox is over by that.</returns>
    public bool Drop(long hold) => IsHeldBy(hold) && !IsDetached && End("the call that held it ended");

    /// <summary>Whatever else ends it.</summary>
    /// <returns>False where it was over.</returns>
    public bool End(string why)
    {
        if (Over is not null)
        {
            return false;
        }

        Over = why;
        return true;
    }
}
