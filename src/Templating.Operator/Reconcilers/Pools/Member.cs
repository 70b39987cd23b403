using k8s.Models;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>A pod of a pool that nobody claimed.</summary>
/// <param name="Updated">Of the template, the revision and the spec.pod the pool goes for.</param>
internal sealed record Member(V1Pod Pod, MemberState State, bool Updated);

/// <summary>In the order in which they go.</summary>
internal enum MemberState
{
    /// <summary>Cannot be claimed yet.</summary>
    Starting,

    /// <summary>Its node cannot be asked.</summary>
    Unknown,

    /// <summary>Paused at the frozen moment: can be claimed.</summary>
    Waiting,
}
