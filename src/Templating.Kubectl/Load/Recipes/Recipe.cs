namespace Templating.Kubectl.Load.Recipes;

/// <summary>What a load test does, as its author wrote it (docs/kubernetes/load.md).</summary>
internal sealed record Recipe
{
    public required string Name { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Empty for the one of the command line.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>At least one; arrivals go to them by turns.</summary>
    public IReadOnlyList<Subject> Subjects { get; init; } = [];

    /// <summary>At least one; one after the other.</summary>
    public IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>What an object must answer to be usable; null where Ready is enough.</summary>
    public HttpGoal? Http { get; init; }

    /// <summary>For one object, from its create call until it is usable.</summary>
    public TimeSpan Timeout { get; init; } = RecipeLimits.DefaultTimeout;

    /// <summary>From usable to its deletion; null keeps it until the end of the run.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>Calls that create or delete, under way at once.</summary>
    public int Concurrency { get; init; } = RecipeLimits.DefaultConcurrency;

    /// <summary>Objects that are there at once; an arrival waits for its place.</summary>
    public int Alive { get; init; } = RecipeLimits.DefaultAlive;

    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];
}

/// <summary>What is created: VMClones from a pool or of a template, or pods for comparison.</summary>
internal sealed record Subject
{
    public required string Name { get; init; }

    /// <summary>A VMPool. Of pool, template and image one is there.</summary>
    public string? Pool { get; init; }

    /// <summary>A VMTemplate.</summary>
    public string? Template { get; init; }

    /// <summary>A pod's.</summary>
    public string? Image { get; init; }

    /// <summary>A pod's; null for the image's own.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>A pod's; null for the cluster's default.</summary>
    public string? RuntimeClass { get; init; }

    /// <summary>Of so many arrivals in a turn.</summary>
    public int Share { get; init; } = 1;

    public bool IsPod => Image is not null;
}

/// <param name="Port">Of the object's IP.</param>
/// <param name="Path">Begins with a slash.</param>
/// <param name="GuestPort">Of a VMClone's guest, where the port leads; null for the same.</param>
internal sealed record HttpGoal(int Port, string Path, int? GuestPort = null);
