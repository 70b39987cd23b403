namespace Templating.Contract;

/// <summary>Collects everything that is wrong with one request or resource, so that its author sees all of it at once.</summary>
public sealed class Faults
{
    /// <summary>More than anybody mends in one go. Without a limit a request of a few MB could have a fault in every few of its bytes.</summary>
    public const int MaxCount = 100;

    private readonly List<FieldViolation> _all = [];

    public IReadOnlyList<FieldViolation> All => _all;

    private bool IsFull => _all.Count > MaxCount;

    public void Add(string field, string description) => AddRange([new FieldViolation(field, description)]);

    /// <summary>Looks for no more than it keeps; a last fault says so.</summary>
    public void AddRange(IEnumerable<FieldViolation> violations)
    {
        foreach (var violation in violations.TakeWhile(_ => !IsFull))
        {
            _all.Add(_all.Count < MaxCount ? violation : new FieldViolation("...", $"After {MaxCount} faults no more are listed; mend these first."));
        }
    }

    public void Require(bool holds, string field, string description)
    {
        if (!holds && !IsFull)
        {
            Add(field, description);
        }
    }

    public void RequireLabel(string field, string text)
    {
        if (Labels.Check(field, text) is { } violation)
        {
            AddRange([violation]);
        }
    }
}
