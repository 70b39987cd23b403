namespace Templating.Contract;

/// <summary>One field of a request that is wrong.</summary>
/// <param name="Field">Path of the field, in the words of the wire API: <c>spec.machine.memory_bytes</c>.</param>
/// <param name="Description">What was found, what is allowed, what to do. Ends with a full stop.</param>
public sealed record FieldViolation(string Field, string Description);
