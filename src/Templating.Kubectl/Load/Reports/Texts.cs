using Templating.Contract;

namespace Templating.Kubectl.Load.Reports;

/// <summary>Figures for people.</summary>
internal static class Texts
{
    /// <param name="milliseconds">Null where nothing was measured.</param>
    public static string Time(double? milliseconds) => milliseconds is { } some ? DurationText.Format(TimeSpan.FromMilliseconds(Math.Round(some, 1))) : "-";
}
