using Google.Protobuf.WellKnownTypes;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Node.Mapping;

/// <summary>Writes what a VM pod tells of itself.</summary>
internal static class PodWriter
{
    public static V1.PodStatus ToWire(VmView view, string ip, VmMemory? memory = null)
    {
        var status = new V1.PodStatus
        {
            State = StateOf(view),
            StateReason = view.StateReason,
            Failure = view.Failure is { } failure ? ErrorReasons.Of(failure) : "",
            Id = view.Id,
            RequestId = view.RequestId?.ToString("D") ?? "",
            Network = NetworkMapping.ToWire(view.Network),
            Memory = CloneWriter.ToWire(memory),
            Ip = ip,
            ReadyTime = view.ReadyAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
        };
        status.Phases.AddRange(view.Phases.Select(phase => new V1.Phase { Name = phase.Name, Duration = Duration.FromTimeSpan(phase.Duration) }));
        if (view.Identity is { } identity)
        {
            status.Identity = CloneWriter.ToWire(identity, view.Generation);
        }

        return status;
    }

    /// <summary>
    /// A pod says in one word what a node's clone says in two: its state, and whether its guest confirmed who it is. One that starts
    /// is to the outside still only published.
    /// </summary>
    private static V1.PodState StateOf(VmView view) => view.State switch
    {
        VmState.Stopped => V1.PodState.Stopped,
        VmState.Failed => V1.PodState.Failed,
        _ when view.ReadyAt is not null => V1.PodState.Ready,
        VmState.Prepared => V1.PodState.Published,
        VmState.Restored when view.Id.Length == 0 => V1.PodState.Waiting,
        _ => V1.PodState.Activating,
    };
}
