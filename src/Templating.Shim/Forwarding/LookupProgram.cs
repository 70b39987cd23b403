using System.Buffers.Binary;
using System.Net;
using Templating.Core.Linux;

namespace Templating.Shim.Forwarding;

/// <summary>
/// A program for the kernel: who connects to the loopback (127.0.0.0/8 or ::1) of the namespace, at whatever port, gets the socket of that family in a
/// map; all else is as it was. Operations as in linux/bpf.h; the helpers' numbers, too.
/// </summary>
internal sealed class LookupProgram
{
    public const uint V4 = 0, V6 = 1;

    private const byte Load = 0x61, LoadMap = 0x18, Store = 0x63, Copy = 0xBF, Set = 0xB7, Add = 0x07, And = 0x54;
    private const byte Jump = 0x05, JumpIfEqual = 0x15, JumpUnless = 0x55, CallHelper = 0x85, Exit = 0x95;
    private const int Find = 1, Release = 86, Assign = 124;     // bpf_map_lookup_elem, bpf_sk_release, bpf_sk_assign
    private const byte FromMap = 1;                             // BPF_PSEUDO_MAP_FD
    private const int Pass = 1;                                 // SK_PASS
    private const int Tcp = 6, Inet = 2, Inet6 = 10;
    private const byte Result = 0, First = 1, Second = 2, Third = 3, Context = 6, Key = 7, Frame = 10;

    // struct bpf_sk_lookup
    private const short Family = 8, Protocol = 12, LocalAddress4 = 40, LocalAddress6 = 44;

    private readonly List<BpfInstruction> _code = [];
    private readonly List<int> _toEnd = [];

    private LookupProgram()
    {
    }

    /// <param name="map">Of two sockets that listen, by <see cref="V4"/> and <see cref="V6"/>; one that is missing is none.</param>
    public static BpfInstruction[] Build(int map)
    {
        var program = new LookupProgram();
        program.Choose();
        program.Give(map);
        return program.End();
    }

    /// <summary>Key is the socket that is meant.</summary>
    private void Choose()
    {
        Put(Copy, Context, First);
        Put(Load, Second, Context, Protocol);
        EndUnless(Tcp);
        Put(Load, Second, Context, Family);
        Put(Set, Key, immediate: (int)V6);
        var toV6 = Put(JumpIfEqual, Second, immediate: Inet6);
        EndUnless(Inet);
        Put(Set, Key, immediate: (int)V4);
        Put(Load, Second, Context, LocalAddress4);
        Put(And, Second, immediate: 0xFF);      // the first byte of four in the network's order
        EndUnless(IPAddress.Loopback.GetAddressBytes()[0]);
        var found = Put(Jump);
        Land(toV6);
        var address = IPAddress.IPv6Loopback.GetAddressBytes();
        for (short at = 0; at < address.Length; at += sizeof(int))
        {
            Put(Load, Second, Context, (short)(LocalAddress6 + at));
            EndUnless(BinaryPrimitives.ReadInt32LittleEndian(address.AsSpan(at)));
        }

        Land(found);
    }

    private void Give(int map)
    {
        Put(Store, Frame, Key, -sizeof(int));
        Put(LoadMap, First, FromMap, immediate: map);
        Put(0, 0);                              // its other half
        Put(Copy, Second, Frame);
        Put(Add, Second, immediate: -sizeof(int));
        Put(CallHelper, Result, immediate: Find);
        _toEnd.Add(Put(JumpIfEqual, Result));
        Put(Copy, Key, Result);
        Put(Copy, First, Context);
        Put(Copy, Second, Key);
        Put(Set, Third);
        Put(CallHelper, Result, immediate: Assign);
        Put(Copy, First, Key);
        Put(CallHelper, Result, immediate: Release);
    }

    private BpfInstruction[] End()
    {
        _toEnd.ForEach(Land);
        Put(Set, Result, immediate: Pass);
        Put(Exit, 0);
        return [.. _code];
    }

    private int Put(byte code, byte to = 0, byte from = 0, short offset = 0, int immediate = 0)
    {
        _code.Add(new BpfInstruction(code, (byte)(to | (from << 4)), offset, immediate));
        return _code.Count - 1;
    }

    private void EndUnless(int isThat) => _toEnd.Add(Put(JumpUnless, Second, immediate: isThat));

    private void Land(int jump) => _code[jump] = _code[jump] with { Offset = (short)(_code.Count - jump - 1) };
}
