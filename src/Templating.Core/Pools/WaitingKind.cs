namespace Templating.Core.Pools;

/// <summary>How far a VM that waits has come.</summary>
public enum WaitingKind
{
    /// <summary>Paused at the frozen moment.</summary>
    Restored,

    /// <summary>QEMU is there, and nothing is restored.</summary>
    Prepared,
}
