using Templating.Core.Machines;

namespace Templating.Qemu.Base;

/// <summary>How QEMU is found and run. Every limit is there because neither QEMU nor the guest is trusted to end a step.</summary>
public sealed record QemuOptions
{
    /// <summary>A path, or a name looked up in PATH.</summary>
    public string QemuPath { get; init; } = "qemu-system-x86_64";

    /// <summary>
    /// QEMU's cache of translated code, in MiB, allocated as it is used. QEMU's own default is 1 GiB; 32 MiB holds
    /// a small guest's working set and bounds what a guest can make TCG spend.
    /// </summary>
    public int TcgBufferMiB { get; init; } = 32;

    /// <summary>
    /// The same for a sandbox, whose guest takes devices and starts containers: that alone is 40 MiB of code, and a cache that is full
    /// is emptied and filled anew, in the middle of the first container's start.
    /// </summary>
    public int SandboxTcgBufferMiB { get; init; } = 64;

    /// <summary>From starting QEMU to its first answers.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One monitor command.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For a process that only starts clones of templates made by this very QEMU: asks it for its version alone, and takes
    /// /dev/kvm for good where it opens. A template made under KVM says that KVM worked on this host.
    /// </summary>
    public bool QuickProbe { get; init; }

    /// <summary>Whether VMs end with this process, even where it is killed. Else they outlive it.</summary>
    public bool EndWithProcess { get; init; }

    /// <summary>Where the probe puts its files; null means the system's folder for temporary ones.</summary>
    public string? ProbeFolder { get; init; }

    /// <summary>Where the KVM probe's result is kept for this boot of the host; null keeps it in memory only.</summary>
    public string? KvmProbeCachePath { get; init; }

    /// <summary>Whether it is tried if VMs can be started before their template is known; else they are not.</summary>
    public bool Blanks { get; init; }

    /// <summary>As <see cref="KvmProbeCachePath"/>, of that trial.</summary>
    public string? BlankProbeCachePath { get; init; }

    public int TcgBufferMiBOf(ResolvedMachine machine) => machine.Sandbox ? SandboxTcgBufferMiB : TcgBufferMiB;
}
