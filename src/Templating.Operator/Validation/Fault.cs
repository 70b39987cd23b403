namespace Templating.Operator.Validation;

/// <summary>A field of a resource that is wrong. The message says what was found, what is allowed, and what to do.</summary>
/// <param name="Field">As in YAML: spec.ports[0].guestPort.</param>
internal sealed record Fault(string Field, string Message)
{
    /// <summary>More than anybody mends in one go; a condition's message has at most 32 KiB.</summary>
    private const int Listed = 20;

    public static string Text(IReadOnlyList<Fault> faults) => string.Join(' ', faults.Take(Listed).Select(f => $"{f.Field}: {f.Message}"))
        + (faults.Count > Listed ? $" And {faults.Count - Listed} more." : "");
}
