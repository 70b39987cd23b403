namespace Templating.Core.Vms;

/// <summary>What follows on what: as data, so that tests and docs can walk it.</summary>
public static class VmTransitions
{
    public static IReadOnlyDictionary<VmState, IReadOnlySet<VmState>> Next { get; } = new Dictionary<VmState, IReadOnlySet<VmState>>
    {
        [VmState.Prepared] = In(VmState.Restored, VmState.Stopped, VmState.Failed),
        [VmState.Restored] = In(VmState.Running, VmState.Stopped, VmState.Failed),
        [VmState.Running] = In(VmState.Paused, VmState.NotAnswering, VmState.Stopped, VmState.Failed),
        [VmState.Paused] = In(VmState.Running, VmState.NotAnswering, VmState.Stopped, VmState.Failed),
        [VmState.NotAnswering] = In(VmState.Running, VmState.Paused, VmState.Stopped, VmState.Failed),
        [VmState.Stopped] = In(),
        [VmState.Failed] = In(),
    };

    /// <summary>Whether nothing comes after it.</summary>
    public static bool IsEnd(VmState state) => Next[state].Count == 0;

    private static HashSet<VmState> In(params VmState[] states) => [.. states];
}
