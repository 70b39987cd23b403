using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Running;

/// <summary>All that is known after a run.</summary>
internal sealed record RunResult
{
    public required string Run { get; init; }

    public required Recipe Recipe { get; init; }

    public required IReadOnlyList<string> Namespaces { get; init; }

    public required DateTimeOffset Began { get; init; }

    /// <summary>Seconds until all had come to an end, or it was broken off.</summary>
    public required double Seconds { get; init; }

    public bool Interrupted { get; init; }

    /// <summary>Why it was broken off by itself; null where it was not.</summary>
    public string? Fault { get; init; }

    /// <summary>What could not be removed; it should be empty.</summary>
    public IReadOnlyList<Leftover> Left { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];

    public IReadOnlyList<Sample> Samples { get; init; } = [];

    /// <summary>What the API server said with a failure, by its reason.</summary>
    public IReadOnlyDictionary<string, string> Examples { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<PoolLevel> Pools { get; init; } = [];

    /// <summary>Empty where the operator's metrics were not to be had; the notes say why.</summary>
    public IReadOnlyList<OperatorLevel> Operator { get; init; } = [];

    public IReadOnlyList<CallSummary> Calls { get; init; } = [];

    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];

    /// <summary>It came to its end, and not one object became usable: there is nothing that it measured.</summary>
    public bool IsForNothing => !Interrupted && Fault is null && Samples.Count > 0 && Samples.All(s => s.Usable is null);

    /// <summary>Null where it was not seen twice.</summary>
    public OperatorFigures? OfOperator()
    {
        var vms = Recipe.Subjects.Where(s => !s.IsPod).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        return OperatorFigures.Of(Operator, Samples.Count(s => s.Usable is not null && vms.Contains(s.Subject)));
    }
}
