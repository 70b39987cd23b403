using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>What every owner of VMs on this node takes them from.</summary>
/// <param name="Vmm">Starts their processes.</param>
/// <param name="Capacity">Whose memory they are charged to.</param>
/// <param name="Users">Their user ids; null for the daemon's own.</param>
/// <param name="Metrics">Where their figures go.</param>
/// <param name="Time">The clock.</param>
public sealed record VmParts(IVmm Vmm, NodeCapacity Capacity, VmUserPool? Users, TemplatingMetrics Metrics, TimeProvider Time)
{
    /// <summary>VMs that are started already; null where each starts its own.</summary>
    public IBlankVms? Blanks { get; init; }

    /// <summary>What clones of each revision use first; null where that is nobody's to know.</summary>
    public FirstPages? FirstPages { get; init; }

    /// <summary>What is written down of it, the next daemon of this boot of the host can read.</summary>
    public TimeProvider BootTime { get; init; } = BootClock.Instance;
}
