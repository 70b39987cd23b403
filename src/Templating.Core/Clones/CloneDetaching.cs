using System.Runtime.ExceptionServices;
using Templating.Core.Errors;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Notes that an owned clone lives on without the call that holds it.</summary>
internal static class CloneDetaching
{
    /// <exception cref="TemplatingException">IllegalState: it has ended, or its end has begun.</exception>
    /// <exception cref="IOException">It cannot be written down; then it is not detached.</exception>
    public static void Detach(CloneTable table, CloneView view)
    {
        if (table.Find(view) is not { IsBeingRemoved: false } clone || !Tell(clone, detached: true))
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"{view.Name} cannot be detached: it has ended, or its end has begun.");
        }

        if (clone.RecordFault is { } fault)
        {
            Tell(clone, detached: false);
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    private static bool Tell(Clone clone, bool detached) =>
        clone.Life.TryTell(view => (CloneView)view with { Owner = ((CloneView)view).Owner! with { Detached = detached } });
}
