namespace Templating.Contract;

/// <summary>One field of a request that is wrong.</summary>
/// <param name="Field">Path of the field, in the words of the wire API: <c>spec.machine.memory_bytes</c>.</param>
/// <param name="Description">What was found, what is allowed, what to do. Ends with a full stop.</param>
public sealed record FieldViolation(string Field, string Description)
{
    /// <returns>Nothing where the rule holds.</returns>
    public static IEnumerable<FieldViolation> Unless(bool holds, string field, string description) => holds ? [] : [new(field, description)];
}
