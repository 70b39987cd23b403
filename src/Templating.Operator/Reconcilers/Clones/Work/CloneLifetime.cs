using Templating.Kubernetes.Resources;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>When a VMClone's time is over: at its shutdown time, or so long after its creation; whichever comes first.</summary>
internal readonly record struct CloneLifetime(DateTime End, bool IsTtl)
{
    /// <summary>Null where it has no end.</summary>
    public static CloneLifetime? Of(VMClone clone)
    {
        var shutdown = clone.Spec.ShutdownTime is { } time ? new CloneLifetime(time.ToUniversalTime(), IsTtl: false) : (CloneLifetime?)null;
        var ttl = clone.Spec.TtlSeconds is { } seconds && clone.Metadata.CreationTimestamp is { } created
            ? new CloneLifetime(created.ToUniversalTime().AddSeconds(seconds), IsTtl: true)
            : (CloneLifetime?)null;
        return ttl is { } one && (shutdown is not { } other || one.End < other.End) ? ttl : shutdown;
    }

    public static bool IsOver(VMClone clone, DateTimeOffset now) => Of(clone) is { } life && life.End <= now.UtcDateTime;

    public PodOutcome Outcome => IsTtl ? PodOutcome.Expired(End) : PodOutcome.ShutDown(End);

    public string Message => IsTtl ? "Its time to live is over." : "Its shutdown time has come.";
}
