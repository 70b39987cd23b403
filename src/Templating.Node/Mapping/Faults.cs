using Templating.Contract;
using Templating.Core.Errors;

namespace Templating.Node.Mapping;

/// <summary>Collects everything that is wrong with one request, so that its author sees all of it at once.</summary>
internal sealed class Faults
{
    private readonly List<FieldViolation> _violations = [];

    public void Add(string field, string description) => _violations.Add(new FieldViolation(field, description));

    public void AddRange(IEnumerable<FieldViolation> violations) => _violations.AddRange(violations);

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
            _violations.Add(violation);
        }
    }

    public void ThrowIfAny()
    {
        if (_violations.Count > 0)
        {
            throw new TemplatingException([.. _violations]);
        }
    }
}
