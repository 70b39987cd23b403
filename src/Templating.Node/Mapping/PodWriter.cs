using Google.Protobuf.WellKnownTypes;
using Templating.Core.Machines;
using Templating.Core.Pods;

namespace Templating.Node.Mapping;

/// <summary>Writes what a VM pod tells of itself.</summary>
internal static class PodWriter
{
    public static V1.PodStatus ToWire(PodView view, VmMemory? memory = null)
    {
        var status = new V1.PodStatus
        {
            State = ToWire(view.State),
            StateReason = view.StateReason,
            Id = view.Id,
            RequestId = view.RequestId?.ToString("D") ?? "",
            Network = NetworkMapping.ToWire(view.Network),
            Memory = CloneWriter.ToWire(memory),
            ReadyTime = view.ReadyAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
        };
        status.Phases.AddRange(view.Phases.Select(phase => new V1.Phase { Name = phase.Name, Duration = Duration.FromTimeSpan(phase.Duration) }));
        if (view.Identity is { } identity)
        {
            status.Identity = CloneWriter.ToWire(identity, view.Generation, view.Mac);
        }

        return status;
    }

    /// <summary>One that starts is to the outside still only published.</summary>
    private static V1.PodState ToWire(PodState state) => state switch
    {
        PodState.Starting => V1.PodState.Published,
        PodState.Waiting => V1.PodState.Waiting,
        PodState.Activating => V1.PodState.Activating,
        PodState.Ready => V1.PodState.Ready,
        PodState.Stopped => V1.PodState.Stopped,
        PodState.Failed => V1.PodState.Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, message: null),
    };
}
