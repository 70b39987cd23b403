using Templating.Core.Errors;

namespace Templating.Core.Vms;

public enum VmOperation
{
    Activate,
    Pause,
    Resume,
    Exec,
    Console,
    ReadMemory,
    Extend,
    Plug,
    End,
}

/// <summary>In which states each operation is legal: as data, so that tests and docs can walk it.</summary>
public static class VmOperations
{
    public static IReadOnlyDictionary<VmOperation, IReadOnlySet<VmState>> Legal { get; } =
        new Dictionary<VmOperation, IReadOnlySet<VmState>>
        {
            [VmOperation.Activate] = In(VmState.Restored),
            [VmOperation.Pause] = In(VmState.Running, VmState.Paused),
            [VmOperation.Resume] = In(VmState.Running, VmState.Paused),
            [VmOperation.Exec] = In(VmState.Running),
            // Also when it has ended: that is when one wants to know what its guest said last.
            [VmOperation.Console] = In(VmState.Restored, VmState.Running, VmState.Paused, VmState.Stopped, VmState.Failed),
            [VmOperation.ReadMemory] = In(VmState.Restored, VmState.Running, VmState.Paused, VmState.NotAnswering),
            // Whatever it does, while it lives.
            [VmOperation.Extend] = In(VmState.Prepared, VmState.Restored, VmState.Running, VmState.Paused, VmState.NotAnswering),
            // Its guest has to take what is plugged, or to let go of it.
            [VmOperation.Plug] = In(VmState.Running),
            [VmOperation.End] = In(Enum.GetValues<VmState>()),
        };

    /// <param name="operation">What is to be done.</param>
    /// <param name="view">The VM it is to be done to.</param>
    /// <param name="name">What its owner calls it.</param>
    /// <exception cref="TemplatingException">
    /// IllegalState, naming the state found and those allowed. QmpFailed: it does not answer, and may do so soon.
    /// </exception>
    public static void Require(VmOperation operation, VmView view, string name)
    {
        if (!Legal[operation].Contains(view.State))
        {
            throw Illegal(operation, view, name);
        }
    }

    internal static TemplatingException Illegal(VmOperation operation, VmView view, string name)
    {
        var reason = view.StateReason.Length == 0 ? "" : $" ({view.StateReason})";
        if (view.State == VmState.NotAnswering)
        {
            return new TemplatingException(
                ErrorCode.QmpFailed,
                $"{operation} of {name} is not possible now: its QEMU does not answer{reason}. The daemon goes on asking it; try again, or delete it.")
            { RetryAfter = AskedAgainIn };
        }

        var by = view.RequestId is { } id ? $" by request {id}" : "";
        return new TemplatingException(
            ErrorCode.IllegalState,
            $"{operation} of {name} is not possible: it is {view.State}{by}{reason}; it must be {string.Join(" or ", Legal[operation].Order())}.");
    }

    private static readonly TimeSpan AskedAgainIn = TimeSpan.FromSeconds(5);

    private static HashSet<VmState> In(params VmState[] states) => [.. states];
}
