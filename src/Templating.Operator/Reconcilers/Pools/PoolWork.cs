using Templating.Contract;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>One pass over a pool.</summary>
internal sealed record PoolWork(VMPool Pool, VMTemplate? Template, string? Revision, PoolView View, IReadOnlyList<FieldViolation> Faults)
{
    public int Desired => Pool.Spec.Replicas ?? 1;

    /// <summary>What there is, as far as this pass has come.</summary>
    public PoolView View { get; set; } = View;

    public PoolPlan? Planned { get; set; }

    /// <summary>No members are made for so long.</summary>
    public TimeSpan? Backoff { get; set; }

    /// <summary>Why members are missing: the last that ended, or could not be made.</summary>
    public Refusal? Why { get; set; }

    /// <summary>What the API server refused first in this pass, other than members.</summary>
    public Exception? Refused { get; set; }
}
