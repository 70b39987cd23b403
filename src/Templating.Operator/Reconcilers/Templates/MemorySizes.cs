using k8s.Models;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>A quantity as bytes of RAM.</summary>
internal static class MemorySizes
{
    public const long Unit = 2L << 20;

    public const long Least = 32L << 20;

    public const long Most = 1L << 40;

    /// <summary>Null where it is not a whole number of bytes, or too large for one.</summary>
    public static long? Bytes(ResourceQuantity quantity)
    {
        try
        {
            var bytes = quantity.ToDecimal();
            return decimal.Truncate(bytes) == bytes && bytes is >= 0 and <= long.MaxValue ? (long)bytes : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with it; null for nothing.</summary>
    public static string? Problem(ResourceQuantity quantity) => Bytes(quantity) switch
    {
        null => $"'{quantity}' is not a number of bytes; give one such as 256Mi.",
        < Least or > Most => $"{quantity} is not allowed; use 32Mi to 1Ti.",
        { } bytes when bytes % Unit != 0 => $"{quantity} is not a multiple of 2Mi; round it.",
        _ => null,
    };
}
