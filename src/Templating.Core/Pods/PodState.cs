namespace Templating.Core.Pods;

public enum PodState
{
    /// <summary>QEMU is being started, or reads the frozen state.</summary>
    Starting,

    /// <summary>Paused at the frozen moment, until somebody activates it.</summary>
    Waiting,

    Activating,

    /// <summary>Its guest confirmed its identity.</summary>
    Ready,

    /// <summary>Its guest powered off, or it was told to stop.</summary>
    Stopped,

    Failed,
}
