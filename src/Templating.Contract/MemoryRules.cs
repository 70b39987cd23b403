namespace Templating.Contract;

/// <summary>Sizes of a VM's RAM.</summary>
public static class MemoryRules
{
    /// <summary>RAM is backed by one file that huge pages may map.</summary>
    public const long Unit = 2L << 20;

    public const long Least = 32L << 20;

    public const long Most = 1L << 40;

    /// <summary>Where unset.</summary>
    public const long Default = 256L << 20;

    /// <summary>The same in the words of a Kubernetes resource.</summary>
    public const string Description = "a multiple of 2Mi from 32Mi to 1Ti; 256Mi where unset";

    public static IEnumerable<FieldViolation> Check(string field, long bytes) => FieldViolation.Unless(
        bytes is >= Least and <= Most && bytes % Unit == 0, field, $"{bytes} is not allowed; use a multiple of 2 MiB ({Unit}) from 32 MiB ({Least}) to 1 TiB ({Most}).");

    /// <summary>What it may grow to; null for no more than it begins with.</summary>
    public static IEnumerable<FieldViolation> CheckMost(string field, long? most, long bytes) => FieldViolation.Unless(
        most is null || (most >= bytes && most <= Most && most % Unit == 0), field,
        $"{most} is not allowed; use a multiple of 2 MiB ({Unit}) from what it begins with ({bytes}) to 1 TiB ({Most}), or leave it out.");
}
