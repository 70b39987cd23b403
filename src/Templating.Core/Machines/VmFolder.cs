using System.Security.Cryptography;

namespace Templating.Core.Machines;

/// <summary>The folder of one running VM, <c>RUN/clones/ID</c>: its sockets and QEMU's standard error.</summary>
/// <param name="Path">Absolute path; short, because a Unix socket's path has 107 bytes at most (unix(7)).</param>
public sealed record VmFolder(string Path)
{
    public string Qmp => System.IO.Path.Combine(Path, "qmp.sock");

    /// <summary>qemu-guest-agent.</summary>
    public string Agent => System.IO.Path.Combine(Path, "agent.sock");

    /// <summary>templating-guest (docs/guest-protocol.md).</summary>
    public string Guest => System.IO.Path.Combine(Path, "guest.sock");

    /// <summary>A sandbox's second port, which its owner alone opens.</summary>
    public string Shim => System.IO.Path.Combine(Path, "shim.sock");

    public string Console => System.IO.Path.Combine(Path, "console.sock");

    public string StandardError => System.IO.Path.Combine(Path, "qemu.log");

    /// <summary>Which files are its memory, where its command line does not say it.</summary>
    public string Memory => System.IO.Path.Combine(Path, "memory");

    /// <summary>What passt said, where the VM has it.</summary>
    public string NetworkLog => System.IO.Path.Combine(Path, "passt.log");

    /// <summary>One below <paramref name="parent"/> that nothing has: 16 hex digits, short for the sockets' sake.</summary>
    public static VmFolder NewIn(string parent) =>
        new(System.IO.Path.Combine(parent, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))));
}
