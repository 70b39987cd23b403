namespace Templating.Kubernetes.Schemas;

/// <summary>The schema's <c>enum</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AllowedTextAttribute(params string[] values) : Attribute
{
    public IReadOnlyList<string> Values { get; } = values;
}

/// <summary>The schema's <c>maxItems</c> or <c>maxProperties</c>. The platform's attribute of that kind finds the count of anything by reflection.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MaxEntriesAttribute(int count) : Attribute
{
    public int Count => count;
}

/// <summary>The schema's <c>minItems</c> or <c>minProperties</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MinEntriesAttribute(int count) : Attribute
{
    public int Count => count;
}

/// <summary>Exactly one of these properties must be there: <c>oneOf</c> of <c>required</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ExactlyOneOfAttribute(params string[] properties) : Attribute
{
    public IReadOnlyList<string> Properties { get; } = properties;
}

/// <summary>No two of these properties may be there: <c>not</c> of each pair.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AtMostOneOfAttribute(params string[] properties) : Attribute
{
    public IReadOnlyList<string> Properties { get; } = properties;
}

/// <summary>A rule in CEL, for servers that have it (1.25); the operator checks the same in a condition for others.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public class CelAttribute(string rule, string message) : Attribute
{
    public string Rule { get; } = rule;

    public string Message { get; } = message;
}
