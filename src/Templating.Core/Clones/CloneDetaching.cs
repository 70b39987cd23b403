using System.Runtime.ExceptionServices;
using Templating.Core.Errors;

namespace Templating.Core.Clones;

/// <summary>Notes that an owned clone lives on without the call that holds it.</summary>
internal static class CloneDetaching
{
    /// <exception cref="TemplatingException">IllegalState: it is not ready, and so nothing is written down of it; or it has ended, or its end has begun.</exception>
    /// <exception cref="IOException">It cannot be written down; then it is not detached.</exception>
    public static void Detach(CloneTable table, CloneView view)
    {
        if (table.Find(view) is not { IsBeingRemoved: false } clone || (clone.View.ReadyAt is not null && !Tell(clone, detached: true)))
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"{view.Name} cannot be detached: it has ended, or its end has begun.");
        }

        if (clone.View.ReadyAt is null)
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"{view.Name} cannot be detached yet: its guest has not confirmed its identity.");
        }

        if (clone.RecordFault is { } fault)
        {
            Tell(clone, detached: false);
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    private static bool Tell(Clone clone, bool detached) =>
        clone.Life.Tell(view => (CloneView)view with { Owner = ((CloneView)view).Owner! with { Detached = detached } });
}
