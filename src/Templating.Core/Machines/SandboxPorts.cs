namespace Templating.Core.Machines;

/// <summary>Where devices are plugged into a sandbox.</summary>
public static class SandboxPorts
{
    /// <summary>
    /// pcie.0 takes no device while it runs, a root port takes one. pcie.0 has 32 slots, of which the machine itself needs less than half.
    /// </summary>
    public const int Count = 16;
}
