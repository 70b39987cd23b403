using System.Globalization;

namespace Templating.Contract;

/// <summary>
/// Sizes as people write them, wherever one is: flags, specs, configuration, policies. The words are those of a Kubernetes
/// quantity, which mean there what they mean here (<c>256Mi</c>, <c>1G</c>, <c>1e9</c>), and our own <c>MiB</c>. A word that
/// is read one way by some and another way by others (<c>K</c>, <c>MB</c>, <c>gi</c>) is refused.
/// </summary>
public static class ByteSize
{
    public const string Allowed =
        "a number of bytes, or one with Ki, Mi, Gi, Ti, Pi, Ei (also KiB, MiB, ...; powers of 1024) or k, M, G, T, P, E (powers of 1000), such as 256Mi, 1.5GiB or 2G";

    // decimal holds 28 digits; Ei and a few of them pass what 63 bits hold long before.
    private const int MaxDigits = 28;
    private const int MaxExponent = 18;

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var end = 0;
        var start = text.StartsWith('+') ? 1 : 0;
        for (end = start; end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'); end++)
        {
        }

        var digits = text.AsSpan(start, end - start);
        if (digits.Length > MaxDigits || FactorOf(text[end..]) is not { } factor
            || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        // Beyond this the product would not fit decimal; the result must fit 63 bits and be whole.
        if (factor > 1 && number > long.MaxValue / factor)
        {
            return false;
        }

        var product = number * factor;
        if (product > long.MaxValue || product != decimal.Truncate(product))
        {
            return false;
        }

        bytes = (long)product;
        return true;
    }

    /// <summary>For people: <c>1.5GiB</c>.</summary>
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

    private static decimal? FactorOf(string unit) => unit switch
    {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "P" => 1_000_000_000_000_000,
        "E" => 1_000_000_000_000_000_000,
        "Ki" => 1L << 10,
        "Mi" => 1L << 20,
        "Gi" => 1L << 30,
        "Ti" => 1L << 40,
        "Pi" => 1L << 50,
        "Ei" => 1L << 60,
        ['e' or 'E', (>= '0' and <= '9') or '+' or '-', ..] => PowerOfTen(unit[1..]),
        // 'n', 'u' and 'm' of a quantity are parts of a byte: never meant.
        _ => unit.TrimStart(' ').ToUpperInvariant() switch
        {
            "B" when unit.EndsWith('B') => 1,
            "KIB" => 1L << 10,
            "MIB" => 1L << 20,
            "GIB" => 1L << 30,
            "TIB" => 1L << 40,
            "PIB" => 1L << 50,
            "EIB" => 1L << 60,
            _ => null,
        },
    };

    private static decimal? PowerOfTen(string exponent)
    {
        if (!int.TryParse(exponent, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) || Math.Abs(power) > MaxExponent)
        {
            return null;
        }

        decimal factor = 1;
        for (var i = 0; i < Math.Abs(power); i++)
        {
            factor = power > 0 ? factor * 10 : factor / 10;
        }

        return factor;
    }
}
