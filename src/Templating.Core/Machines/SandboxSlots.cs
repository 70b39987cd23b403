namespace Templating.Core.Machines;

/// <summary>Where a sandbox is plugged into.</summary>
public static class SandboxSlots
{
    /// <summary>
    /// pcie.0 takes no device while it runs, a root port takes one. pcie.0 has 32 slots, of which the machine itself needs less than half.
    /// </summary>
    public const int Ports = 16;

    /// <summary>Each takes as much RAM as is plugged at once, and none is taken away again.</summary>
    public const int Memory = 8;
}
