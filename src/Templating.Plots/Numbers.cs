using System.Globalization;

namespace Templating.Plots;

/// <summary>Figures for people.</summary>
internal static class Numbers
{
    /// <summary>Three digits that say something.</summary>
    public static string Text(double value) => value.ToString(
        Math.Abs(value) switch
        {
            >= 100 => "0",
            >= 10 => "0.0",
            >= 0.1 or 0 => "0.00",
            _ => "0.000",
        },
        CultureInfo.InvariantCulture);

    /// <summary>A mark on an axis: as short as it can be said.</summary>
    public static string Tick(double value) => Math.Round(value, 6).ToString("#,0.######", CultureInfo.InvariantCulture);
}
