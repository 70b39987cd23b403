namespace Templating.Core.Diagnostics;

/// <summary>Whose VM a measurement is of: the label <c>owner</c>.</summary>
public enum VmOwner
{
    /// <summary>A clone of the node's daemon.</summary>
    Clone,

    /// <summary>A VM pod, whose process tells the daemon of it.</summary>
    Pod,
}
