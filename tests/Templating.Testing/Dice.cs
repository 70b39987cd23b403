namespace Templating.Testing;

/// <summary>Numbers that a seed makes: the same seed makes the same test input again. For nothing that must not be guessed.</summary>
public sealed class Dice(long seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public int Next(int count) => (int)(Next() % (ulong)count);

    public int Next(int from, int to) => from + Next(to - from);

    public T Of<T>(IReadOnlyList<T> some)
    {
        ArgumentNullException.ThrowIfNull(some);
        return some[Next(some.Count)];
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood, 2014).</summary>
    private ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
