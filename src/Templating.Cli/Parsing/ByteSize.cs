using System.Globalization;

namespace Templating.Cli.Parsing;

/// <summary>Sizes as people write them. Units are powers of 1024, as QEMU has them.</summary>
internal static class ByteSize
{
    public const string Allowed = "a number with B, KiB, MiB, GiB or TiB (or short K, M, G, T: powers of 1024 too), such as 256MiB or 1.5G";

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1]))
        {
            end--;
        }

        if (ShiftOf(text[end..]) is not { } shift
            || !decimal.TryParse(text.AsSpan(0, end).TrimEnd(' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        // A ceiling of 2^40 units keeps the product within decimal; the result must fit 63 bits and be whole.
        if (number > 1L << 40)
        {
            return false;
        }

        var product = number * (1L << shift);
        if (product > long.MaxValue || product != decimal.Truncate(product))
        {
            return false;
        }

        bytes = (long)product;
        return true;
    }

    public static string Format(long bytes)
    {
        var unit = 0;
        double value = bytes;
        while (Math.Abs(value) >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return value.ToString(unit == 0 ? "0" : "0.#", CultureInfo.InvariantCulture) + Units[unit];
    }

    private static int? ShiftOf(string unit) => unit.ToUpperInvariant() switch
    {
        "" or "B" => 0,
        "K" or "KIB" => 10,
        "M" or "MIB" => 20,
        "G" or "GIB" => 30,
        "T" or "TIB" => 40,
        _ => null,
    };
}
