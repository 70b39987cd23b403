namespace Templating.Core.Vms;

/// <summary>Where a VM is in its life. What may follow on what: <see cref="VmTransitions"/>.</summary>
public enum VmState
{
    /// <summary>Admitted: QEMU is being started, or waits for the frozen state.</summary>
    Prepared,

    /// <summary>Paused at the frozen moment, until it is activated.</summary>
    Restored,

    /// <summary>Its CPUs run. It is ready when <see cref="VmView.ReadyAt"/> is set: its guest has confirmed who it is.</summary>
    Running,

    Paused,

    /// <summary>
    /// Its QEMU does not answer: it hangs, or is stopped itself. It is asked again and again, and ended only when somebody wants it
    /// to be.
    /// </summary>
    NotAnswering,

    /// <summary>Its guest powered off, or it was told to stop.</summary>
    Stopped,

    Failed,
}
