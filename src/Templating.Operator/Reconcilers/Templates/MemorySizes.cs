using k8s.Models;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>A quantity as bytes of RAM.</summary>
internal static class MemorySizes
{
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
}
