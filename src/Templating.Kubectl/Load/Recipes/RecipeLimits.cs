namespace Templating.Kubectl.Load.Recipes;

/// <summary>Limits and defaults of a recipe's fields; a mistyped number must not take a cluster down.</summary>
internal static class RecipeLimits
{
    /// <summary>The longest sound recipe is far below; more is the wrong file.</summary>
    public const int MaxBytes = 64 * 1024;

    public const int MaxDescription = 1000;

    public const int MaxNamespaces = 32;

    /// <summary>Each has a colour on the page, warm and cold apart.</summary>
    public const int MaxSubjects = 4;

    public const int MaxShare = 100;

    public const int MaxImage = 500;

    public const string Image = @"^\S+\z";

    public const string ImageInWords = "an image without spaces";

    public const int MaxWords = 32;

    public const int MaxWord = 4096;

    public const int MaxStages = 16;

    /// <summary>Of a stage, and of a run: all samples are kept in memory.</summary>
    public const int MaxCount = 20_000;

    /// <summary>A second; one client's calls are at their end there.</summary>
    public const double MaxRate = 200;

    public const int MaxConcurrency = 128;

    public const int DefaultConcurrency = 32;

    public const int MaxAlive = 10_000;

    public const int DefaultAlive = 1000;

    public const int MaxSteps = 200;

    public const int MaxThresholds = 32;

    public const int MaxPath = 1000;

    public static readonly TimeSpan MinOver = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MaxOver = TimeSpan.FromHours(6);

    public static readonly TimeSpan MinTimeout = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);

    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(6);
}
