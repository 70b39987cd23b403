using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>
/// seccomp(2) with a filter whose open questions a supervisor answers (seccomp_unotify(2)). Values of linux/seccomp.h,
/// linux/filter.h and linux/audit.h.
/// </summary>
internal static unsafe class SeccompCalls
{
    public const uint Allow = 0x7fff0000;
    public const uint KillProcess = 0x80000000;
    public const uint Ask = 0x7fc00000;             // SECCOMP_RET_USER_NOTIF
    public const uint Refuse = 0x00050000;          // SECCOMP_RET_ERRNO, with the number in the low half

    public const uint ArchitectureX64 = 0xC000003E;

    private const long SeccompNumber = 317;
    private const long SetFilterMode = 1;
    private const long NewListener = 8;
    private const nuint ReceiveRequest = 0xC0502100;
    private const nuint SendRequest = 0xC0182101;
    private const nuint AddDescriptorRequest = 0x40182103;
    private const uint AddAndAnswer = 2;            // SECCOMP_ADDFD_FLAG_SEND, Linux 5.14

    /// <summary>Puts the filter on the calling thread and whatever it starts, for good.</summary>
    /// <returns>The descriptor on which <see cref="Ask"/> is asked; negative with an error number.</returns>
    public static int SetFilter(ReadOnlySpan<Instruction> filter)
    {
        fixed (Instruction* first = filter)
        {
            var program = new Program { Length = (ushort)filter.Length, First = first };
            return (int)LibC.SystemCall(SeccompNumber, SetFilterMode, NewListener, (long)&program, 0);
        }
    }

    public static int Receive(int listener, out Question question)
    {
        question = default;
        fixed (Question* pointer = &question)
        {
            return LibC.Control(listener, ReceiveRequest, pointer);
        }
    }

    /// <summary>Lets the call fail.</summary>
    public static int AnswerError(int listener, ulong id, int error)
    {
        var answer = new Answer { Id = id, Error = -error };
        return LibC.Control(listener, SendRequest, &answer);
    }

    /// <summary>Puts a descriptor of this process into the one that asked, as what its call returns.</summary>
    public static int AnswerDescriptor(int listener, ulong id, int fd, bool closeOnExec)
    {
        var addition = new Addition
        {
            Id = id,
            Flags = AddAndAnswer,
            Source = (uint)fd,
            NewFlags = closeOnExec ? LibC.OpenCloseOnExec : 0,
        };
        return LibC.Control(listener, AddDescriptorRequest, &addition);
    }

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Instruction(ushort Code, byte JumpIfTrue, byte JumpIfFalse, uint Value);

    /// <summary>struct seccomp_notif, with its seccomp_data.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Question
    {
        public ulong Id;
        public uint Pid;
        public uint Flags;
        public int Call;
        public uint Architecture;
        public ulong InstructionPointer;
        public ulong First;
        public ulong Second;
        public ulong Third;
        public ulong Fourth;
        public ulong Fifth;
        public ulong Sixth;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* First;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Answer
    {
        public ulong Id;
        public long Value;
        public int Error;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Addition
    {
        public ulong Id;
        public uint Flags;
        public uint Source;
        public uint New;
        public int NewFlags;
    }
}
