namespace Templating.Plots;

/// <summary>One line of a plot.</summary>
/// <param name="Name">For its legend.</param>
/// <param name="Points">From left to right.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);
