using System.Runtime.InteropServices;

namespace Templating.Fuzz;

/// <summary>Which branches a run took, and how often: SharpFuzz's rewriting counts them in a map as AFL's does.</summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    private static readonly byte* Map = (byte*)NativeMemory.AllocZeroed(Size);

    private readonly byte[] _seen = new byte[Size];

    /// <summary>Before any code that was rewritten runs: it counts without asking.</summary>
    public static void Begin() => SharpFuzz.Common.Trace.SharedMem = Map;

    /// <summary>Places of the map that any run has reached.</summary>
    public int Reached => _seen.Count(b => b != 0);

    public void Clear()
    {
        new Span<byte>(Map, Size).Clear();
        SharpFuzz.Common.Trace.PrevLocation = 0;
    }

    /// <summary>Whether the run since <see cref="Clear"/> did what none did before.</summary>
    public bool Keep()
    {
        var fresh = false;
        var map = new Span<byte>(Map, Size);
        for (var i = 0; i < Size; i += sizeof(ulong))
        {
            if (MemoryMarshal.Read<ulong>(map[i..]) == 0)
            {
                continue;
            }

            for (var j = i; j < i + sizeof(ulong); j++)
            {
                var times = Times(map[j]);
                fresh |= (times & ~_seen[j]) != 0;
                _seen[j] |= times;
            }
        }

        return fresh;
    }

    /// <summary>AFL's buckets: that a loop ran 5 or 6 times is no news, that it ran 100 is.</summary>
    private static byte Times(byte count) => count switch
    {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
