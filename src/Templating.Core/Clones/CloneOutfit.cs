using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>What an owner needs of a clone that lives, beside what all see of it.</summary>
/// <param name="OwnerPort">Absolute path of the socket of the guest's second port.</param>
/// <param name="Machine">As its template was made; null where that cannot be read.</param>
public sealed record CloneOutfit(string OwnerPort, ResolvedMachine? Machine)
{
    /// <summary>Null where its VM has ended, or there is no such clone any more.</summary>
    internal static CloneOutfit? Of(CloneView view, CloneTable table, TemplateStore store) =>
        !VmTransitions.IsEnd(view.State) && table.Find(view) is { IsBeingRemoved: false } clone
            ? new CloneOutfit(clone.Folder.Shim, store.Find(view.Template.Template, view.Template.Revision)?.Manifest.Machine)
            : null;
}
