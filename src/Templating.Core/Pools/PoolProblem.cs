namespace Templating.Core.Pools;

/// <summary>Why fewer VMs wait than are wanted.</summary>
public enum PoolProblem
{
    None,

    /// <summary>There is no such template, or no such revision of it.</summary>
    TemplateMissing,

    /// <summary>This node's QEMU cannot read its state.</summary>
    TemplateStale,

    /// <summary>Its bytes are not those that were published.</summary>
    TemplateCorrupt,

    /// <summary>Its clones reach outwards and have ports: those are opened before QEMU starts.</summary>
    Unservable,

    /// <summary>The node's budget or the tenant's limits have no room.</summary>
    BudgetFull,

    /// <summary>The host is short of memory or CPU.</summary>
    HostPressure,

    /// <summary>Starts failed, or VMs ended while they waited; it is tried again later and later.</summary>
    StartsFail,
}
