namespace Templating.Kubectl.Load.Recipes;

/// <summary>What a run must have reached; a test case of the JUnit file.</summary>
internal sealed record Threshold
{
    /// <summary>One of <see cref="Figures"/>.</summary>
    public required string Figure { get; init; }

    /// <summary>Null for all.</summary>
    public string? Subject { get; init; }

    /// <summary>Another subject, whose same figure this one is divided by; null for none.</summary>
    public string? Against { get; init; }

    /// <summary>Milliseconds, percent, a number or a ratio, by figure; null for none.</summary>
    public double? Most { get; init; }

    /// <summary>Likewise.</summary>
    public double? Least { get; init; }
}

/// <summary>What thresholds are set for.</summary>
internal static class Figures
{
    /// <summary>Percent of what came to an end.</summary>
    public const string Failures = "failures";

    /// <summary>Usable a second, from the first create call to the last that became usable.</summary>
    public const string Rate = "rate";

    /// <summary>The most that were usable at once.</summary>
    public const string Held = "held";

    /// <summary>Times to usable, and the share of them that is at or below.</summary>
    public static readonly IReadOnlyDictionary<string, double> Times = new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["p50"] = 0.5,
        ["p90"] = 0.9,
        ["p95"] = 0.95,
        ["p99"] = 0.99,
        ["max"] = 1,
    };

    public static readonly IReadOnlyList<string> All = [.. Times.Keys, Failures, Rate, Held];
}
