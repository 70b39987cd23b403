using Templating.Core.Linux;
using Templating.Qemu.Base;
using static Templating.Core.Linux.SeccompCalls;

namespace Templating.Qemu.Confinement;

/// <summary>
/// The system calls that a VM's process and what it starts may never make, whatever QEMU's own filter says: no socket, no
/// connection, no namespace, no other process, no memory shared by name. It holds from before QEMU begins.
/// </summary>
internal static class CallFilter
{
    private const ushort Load = 0x20;           // BPF_LD | BPF_W | BPF_ABS
    private const ushort IfEqual = 0x15;        // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort IfAtLeast = 0x35;      // BPF_JMP | BPF_JGE | BPF_K
    private const ushort IfAnyBit = 0x45;       // BPF_JMP | BPF_JSET | BPF_K
    private const ushort Return = 0x06;         // BPF_RET | BPF_K

    private const uint CallOffset = 0;
    private const uint ArchitectureOffset = 4;
    private const uint FirstCallOfX32 = 0x40000000;

    private const uint SocketCall = 41;
    private const uint Clone3Call = 435;

    /// <summary>TCP Fast Open connects in a send, MSG_FASTOPEN.</summary>
    private const uint FastOpen = 0x20000000;

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.</summary>
    private const uint NewNamespaces = 0x7e020000;

    /// <summary>Refused as a kernel without them would: glibc and QEMU have a second way.</summary>
    private static readonly uint[] Unknown =
    [
        Clone3Call,     // its flags lie in memory, where no filter sees them; clone is tried next
        425, 426, 427,  // io_uring_setup, _enter, _register: makes sockets behind a filter's back
    ];

    private static readonly uint[] Refused =
    [
        42,                                     // connect
        29, 30, 31, 64, 68, 69, 70, 71, 240,    // shmget, shmat, shmctl, semget, msgget, msgsnd, msgrcv, msgctl, mq_open
        101, 310, 311, 312, 438, 440,           // ptrace, process_vm_readv, _writev, kcmp, pidfd_getfd, process_madvise
        155, 161, 165, 166, 272, 308,           // pivot_root, chroot, mount, umount2, unshare, setns
        428, 429, 430, 431, 432, 433, 442,      // open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr
        303, 304,                               // name_to_handle_at, open_by_handle_at
        248, 249, 250, 298, 321, 323,           // add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd
    ];

    /// <summary>Those of which an argument decides: the call, its argument's number from 0, and the bits it may not have.</summary>
    private static readonly (uint Call, int Argument, uint Bits)[] RefusedBits =
    [
        (44, 3, FastOpen),          // sendto
        (46, 2, FastOpen),          // sendmsg
        (307, 3, FastOpen),         // sendmmsg
        (56, 0, NewNamespaces),     // clone
    ];

    /// <summary>Puts it on the calling thread and what that starts.</summary>
    /// <returns>The descriptor on which socket(2) is asked for; while nobody has it open, the call fails.</returns>
    public static int Apply()
    {
        var fd = SetFilter(Build());
        return fd < 0 ? throw NativeError.Last("Cannot set the VMs' filter of system calls") : fd;
    }

    private static Instruction[] Build()
    {
        List<Instruction> code =
        [
            new(Load, 0, 0, ArchitectureOffset),
            new(IfEqual, 1, 0, ArchitectureX64),
            new(Return, 0, 0, KillProcess),
            new(Load, 0, 0, CallOffset),
            new(IfAtLeast, 0, 1, FirstCallOfX32),
            new(Return, 0, 0, Refuse | Errno.NotImplemented),
            new(IfEqual, 0, 1, SocketCall),
            new(Return, 0, 0, Ask),
        ];
        foreach (var call in Unknown)
        {
            code.AddRange([new(IfEqual, 0, 1, call), new(Return, 0, 0, Refuse | Errno.NotImplemented)]);
        }

        foreach (var call in Refused)
        {
            code.AddRange([new(IfEqual, 0, 1, call), new(Return, 0, 0, Refuse | Errno.NotPermitted)]);
        }

        foreach (var (call, argument, bits) in RefusedBits)
        {
            code.AddRange(
            [
                new(IfEqual, 0, 4, call),
                new(Load, 0, 0, 16 + (8 * (uint)argument)), // the low half; all these are ints
                new(IfAnyBit, 0, 1, bits),
                new(Return, 0, 0, Refuse | Errno.NotPermitted),
                new(Return, 0, 0, Allow),
            ]);
        }

        code.Add(new(Return, 0, 0, Allow));
        return [.. code];
    }
}
