using Templating.Contract;

namespace Templating.Core.Errors;

/// <summary>An expected failure, told to the caller as it is. Anything else is <see cref="ErrorCode.Internal"/>.</summary>
public sealed class TemplatingException : Exception
{
    public TemplatingException(ErrorCode code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    public TemplatingException(IReadOnlyList<FieldViolation> violations)
        : base(Summarise(violations))
    {
        Code = ErrorCode.InvalidArgument;
        Violations = violations;
    }

    public ErrorCode Code { get; }

    public IReadOnlyList<FieldViolation> Violations { get; init; } = [];

    /// <summary>Bounded facts for programs (<c>ErrorInfo.metadata</c>): the step that failed, what is free, ...</summary>
    public IReadOnlyDictionary<string, string> Details { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>When a retry makes sense; null where it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The same failure, with the step of the operation it happened in.</summary>
    public TemplatingException InStep(string step) => Details.ContainsKey("step")
        ? this
        : new TemplatingException(this, new Dictionary<string, string>(Details, StringComparer.Ordinal) { ["step"] = step });

    private TemplatingException(TemplatingException origin, IReadOnlyDictionary<string, string> details)
        : base(origin.Message, origin)
    {
        Code = origin.Code;
        Violations = origin.Violations;
        RetryAfter = origin.RetryAfter;
        Details = details;
    }

    private static string Summarise(IReadOnlyList<FieldViolation> violations) =>
        "The request has " + (violations.Count == 1 ? "a fault" : $"{violations.Count} faults") + ": "
        + string.Join(" ", violations.Select(v => $"{v.Field}: {v.Description}"));
}
