using Microsoft.Extensions.Logging;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Ends clones whose lifetime is over, and changes lifetimes.</summary>
internal sealed class CloneExpiry(CloneTable table, CloneOptions options, ILogger logger)
{
    /// <summary>How the reason of a clone that ended so begins. Callers go by them (clones.proto).</summary>
    public static IReadOnlyDictionary<LifetimeLimit, string> Reasons { get; } = new Dictionary<LifetimeLimit, string>
    {
        [LifetimeLimit.Ttl] = "expired: its ttl is over",
        [LifetimeLimit.ExpireTime] = "expired: its expire_time has come",
        [LifetimeLimit.IdleLimit] = "expired: it was idle for its idle_limit",
    };

    /// <exception cref="TemplatingException">CloneNotFound, IllegalState: it has ended, or its end has begun; then nothing is changed.</exception>
    public CloneView Extend(CloneName name, Lifetime change)
    {
        var clone = table.Get(name);
        VmOperations.Require(VmOperation.Extend, clone.View, name.ToString());
        if (clone.IsBeingRemoved || !clone.Lifetime.TryChange(change))
        {
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"Extend of {name} is not possible: its end has begun ({(clone.Lifetime.Over is { } limit ? Reasons[limit] : "it is being deleted")}). Create another.");
        }

        clone.Lifetime.Touch();
        return clone.Life.Tell(view => clone.Lifetime.Show((CloneView)view)) ? clone.View : throw clone.Life.Illegal(VmOperation.Extend);
    }

    /// <summary>
    /// Begins the end of each whose time is over, in whatever state it is, and waits for none. One that is being deleted is left to who
    /// deletes it. Where the node stops before it is done, the next one begins it again.
    /// </summary>
    public void EndDue()
    {
        foreach (var clone in table.All.Where(c => !c.IsBeingRemoved && !VmTransitions.IsEnd(c.View.State)))
        {
            if (clone.Lifetime.TryEnd() is { } limit)
            {
                logger.CloneExpires(clone.Name, Reasons[limit]);
                _ = clone.Life.EndAsync(options.ExpiryGrace, Reasons[limit]);
            }
        }
    }
}
