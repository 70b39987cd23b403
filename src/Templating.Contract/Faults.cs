namespace Templating.Contract;

/// <summary>Collects everything that is wrong with one request or resource, so that its author sees all of it at once.</summary>
public sealed class Faults
{
    private readonly List<FieldViolation> _all = [];

    public IReadOnlyList<FieldViolation> All => _all;

    public void Add(string field, string description) => _all.Add(new FieldViolation(field, description));

    public void AddRange(IEnumerable<FieldViolation> violations) => _all.AddRange(violations);

    public void Require(bool holds, string field, string description)
    {
        if (!holds)
        {
            Add(field, description);
        }
    }

    public void RequireLabel(string field, string text)
    {
        if (Labels.Check(field, text) is { } violation)
        {
            _all.Add(violation);
        }
    }
}
