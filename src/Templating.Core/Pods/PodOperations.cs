using Templating.Core.Errors;

namespace Templating.Core.Pods;

public enum PodOperation
{
    Activate,
    Exec,
    Console,
    ReadMemory,
}

/// <summary>In which states each operation is legal, and what follows on what: as data, so that tests and docs can walk it.</summary>
public static class PodOperations
{
    public static IReadOnlyDictionary<PodOperation, IReadOnlySet<PodState>> Legal { get; } =
        new Dictionary<PodOperation, IReadOnlySet<PodState>>
        {
            [PodOperation.Activate] = In(PodState.Waiting),
            [PodOperation.Exec] = In(PodState.Ready),
            [PodOperation.Console] = In(PodState.Waiting, PodState.Activating, PodState.Ready),
            [PodOperation.ReadMemory] = In(PodState.Waiting, PodState.Activating, PodState.Ready),
        };

    /// <summary>A pod that is a clone from the start goes from starting to activating; it never waits.</summary>
    public static IReadOnlyDictionary<PodState, IReadOnlySet<PodState>> Next { get; } = new Dictionary<PodState, IReadOnlySet<PodState>>
    {
        [PodState.Starting] = In(PodState.Waiting, PodState.Activating, PodState.Stopped, PodState.Failed),
        [PodState.Waiting] = In(PodState.Activating, PodState.Stopped, PodState.Failed),
        [PodState.Activating] = In(PodState.Ready, PodState.Stopped, PodState.Failed),
        [PodState.Ready] = In(PodState.Stopped, PodState.Failed),
        [PodState.Stopped] = In(),
        [PodState.Failed] = In(),
    };

    /// <summary>Whether nothing comes after it.</summary>
    public static bool IsEnd(PodState state) => Next[state].Count == 0;

    /// <exception cref="TemplatingException">IllegalState, naming the state found and those allowed.</exception>
    public static void Require(PodOperation operation, PodView pod)
    {
        if (!Legal[operation].Contains(pod.State))
        {
            var reason = pod.StateReason.Length == 0 ? "" : $" ({pod.StateReason})";
            var of = pod.RequestId is { } id ? $" by request {id}" : "";
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"{operation} is not possible: the pod is {pod.State}{of}{reason}; it must be {string.Join(" or ", Legal[operation].Order())}.");
        }
    }

    private static HashSet<PodState> In(params PodState[] states) => [.. states];
}
