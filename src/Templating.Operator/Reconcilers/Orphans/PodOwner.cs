using k8s.Models;

namespace Templating.Operator.Reconcilers.Orphans;

/// <summary>Whose a VM pod is.</summary>
/// <param name="Kind">Of the new owner; null but for <see cref="OwnerState.Adopts"/>.</param>
internal readonly record struct PodOwner(OwnerState State, string? Kind = null, V1ObjectMeta? Metadata = null);

internal enum OwnerState
{
    /// <summary>It has one, or is none of ours.</summary>
    Has,

    /// <summary>Its pool or VMClone is there, and only the reference is missing.</summary>
    Adopts,

    /// <summary>Its pool is there and has no use for it.</summary>
    Refuses,

    /// <summary>Its pool or VMClone is not there.</summary>
    Gone,
}
