using Templating.Core.Errors;

namespace Templating.Core.Clones;

public enum CloneOperation
{
    Pause,
    Resume,
    Exec,
    Console,
    ReadMemory,
    Delete,
}

/// <summary>In which states each operation is legal: as data, so that tests and docs can walk it.</summary>
public static class CloneOperations
{
    public static IReadOnlyDictionary<CloneOperation, IReadOnlySet<CloneState>> Legal { get; } =
        new Dictionary<CloneOperation, IReadOnlySet<CloneState>>
        {
            [CloneOperation.Pause] = In(CloneState.Running, CloneState.Paused),
            [CloneOperation.Resume] = In(CloneState.Running, CloneState.Paused),
            [CloneOperation.Exec] = In(CloneState.Running),
            [CloneOperation.Console] = In(CloneState.Restored, CloneState.Running, CloneState.Paused),
            [CloneOperation.ReadMemory] = In(CloneState.Restored, CloneState.Running, CloneState.Paused),
            [CloneOperation.Delete] = In(Enum.GetValues<CloneState>()),
        };

    /// <exception cref="TemplatingException">IllegalState, naming the state found and those allowed.</exception>
    public static void Require(CloneOperation operation, CloneView clone)
    {
        if (!Legal[operation].Contains(clone.State))
        {
            var reason = clone.StateReason.Length == 0 ? "" : $" ({clone.StateReason})";
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"{operation} of {clone.Name} is not possible: it is {clone.State}{reason}; it must be "
                + string.Join(" or ", Legal[operation].Order()) + ".");
        }
    }

    private static HashSet<CloneState> In(params CloneState[] states) => [.. states];
}
