namespace Templating.Kubectl.Load.Samples;

/// <summary>One object's life, as it is written to samples.json. Times are seconds since the run began; null for what did not come.</summary>
internal sealed record Sample
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Subject { get; init; }

    /// <summary>Of the recipe, from 0.</summary>
    public int Stage { get; init; }

    /// <summary>A VMClone's: Warm or Cold, as its status says.</summary>
    public string? Start { get; init; }

    public string? Node { get; init; }

    /// <summary>Why it did not become usable; null where it did, or where the run was broken off before.</summary>
    public string? Failure { get; init; }

    public double? Offered { get; init; }

    public double? Created { get; init; }

    public double? Accepted { get; init; }

    public double? Placed { get; init; }

    public double? Started { get; init; }

    public double? Ready { get; init; }

    public double? Usable { get; init; }

    public double? Ended { get; init; }

    /// <summary>Why it ended after it was usable; null where it did not.</summary>
    public string? EndReason { get; init; }

    public double? Deleted { get; init; }

    public double? Gone { get; init; }

    /// <summary>From before the create call until it was usable, in milliseconds; null where it was not.</summary>
    public double? Milliseconds() => Usable is { } usable && Created is { } created ? (usable - created) * 1000 : null;

    /// <summary>Whom it is compared with: its subject, and of a VMClone how it started.</summary>
    public string Side() => Start is { } start ? $"{Subject} {start.ToLowerInvariant()}" : Subject;
}
