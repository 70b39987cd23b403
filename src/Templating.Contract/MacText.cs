using System.Globalization;

namespace Templating.Contract;

/// <summary>A card's address as it is written: 02:00:00:00:00:01.</summary>
public static class MacText
{
    public static string Of(byte[] address) => string.Join(':', address.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
}
