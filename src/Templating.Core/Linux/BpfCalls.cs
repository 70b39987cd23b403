using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// Programs of the kernel's virtual machine (bpf(2)), as far as a program that chooses sockets needs them (BPF_PROG_TYPE_SK_LOOKUP, Linux 5.9). Map, program
/// and attachment live as long as their descriptors, which no child inherits. Values of linux/bpf.h.
/// </summary>
internal static unsafe class BpfCalls
{
    private const long Number = 321;            // bpf(2)
    private const int CreateMap = 0, UpdateElement = 2, LoadProgram = 5, CreateLink = 28;
    private const uint SocketMap = 15;          // BPF_MAP_TYPE_SOCKMAP
    private const uint SocketLookup = 30;       // BPF_PROG_TYPE_SK_LOOKUP
    private const uint AtSocketLookup = 36;     // BPF_SK_LOOKUP

    /// <summary>Of sockets, by numbers from 0.</summary>
    public static SafeFileHandle MakeSocketMap(uint entries) =>
        Descriptor(CreateMap, new Attributes { U0 = SocketMap, U4 = sizeof(uint), U8 = sizeof(ulong), U12 = entries }, "make a map of sockets");

    public static void Put(SafeHandle map, uint key, SafeHandle socket)
    {
        var value = (ulong)socket.DangerousGetHandle();
        Call(UpdateElement, new Attributes { U0 = Fd(map), L8 = (ulong)&key, L16 = (ulong)&value }, "put a socket into a map");
    }

    /// <exception cref="IOException">The kernel refuses it; one older than 5.9 knows no such programs.</exception>
    public static SafeFileHandle LoadSocketLookup(ReadOnlySpan<BpfInstruction> code)
    {
        fixed (BpfInstruction* first = code)
        fixed (byte* license = "none"u8)
        {
            var attributes = new Attributes
            {
                U0 = SocketLookup,
                U4 = (uint)code.Length,
                L8 = (ulong)first,
                L16 = (ulong)license,
                ExpectedAttachment = AtSocketLookup,
            };
            return Descriptor(LoadProgram, attributes, "load a program that chooses sockets");
        }
    }

    /// <summary>From then on the program is asked for each connection that begins in the network namespace.</summary>
    public static SafeFileHandle Attach(SafeHandle program, SafeHandle networkNamespace) =>
        Descriptor(CreateLink, new Attributes { U0 = Fd(program), U4 = Fd(networkNamespace), U8 = AtSocketLookup }, "attach a program to a network namespace");

    private static uint Fd(SafeHandle handle) => (uint)handle.DangerousGetHandle();

    private static SafeFileHandle Descriptor(int command, Attributes attributes, string what) => new((nint)Call(command, attributes, what), ownsHandle: true);

    private static long Call(int command, Attributes attributes, string what)
    {
        var result = LibC.SystemCall(Number, command, (long)&attributes, sizeof(Attributes), 0);
        return result >= 0 ? result : throw FileSystem.LastError(what, "the kernel's virtual machine");
    }

    /// <summary>union bpf_attr: each call's fields by their offsets.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Attributes
    {
        [FieldOffset(0)]
        public uint U0;
        [FieldOffset(4)]
        public uint U4;
        [FieldOffset(8)]
        public uint U8;
        [FieldOffset(12)]
        public uint U12;
        [FieldOffset(8)]
        public ulong L8;
        [FieldOffset(16)]
        public ulong L16;
        [FieldOffset(68)]
        public uint ExpectedAttachment;
    }
}
