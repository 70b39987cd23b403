using Templating.Contract;

namespace Templating.Operator.Validation;

/// <summary>Faults of a resource in a condition's or an Event's message.</summary>
internal static class FaultText
{
    /// <summary>More than anybody mends in one go; a condition's message has at most 32 KiB.</summary>
    private const int Listed = 20;

    public static string Of(IReadOnlyList<FieldViolation> faults) => string.Join(' ', faults.Take(Listed).Select(f => $"{f.Field}: {f.Description}"))
        + (faults.Count > Listed ? $" And {faults.Count - Listed} more." : "");
}
