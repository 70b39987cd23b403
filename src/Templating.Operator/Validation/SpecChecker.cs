using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Templating.Contract;
using Templating.Kubernetes.Resources;
using Templating.Kubernetes.Schemas;
using Templating.Operator.Cluster;

namespace Templating.Operator.Validation;

/// <summary>
/// The rules of the resources' schema once more, from the same attributes: for objects written under an older schema, and
/// for what a schema lets through. Values of inputs are never repeated in a message, they may be secret.
/// </summary>
internal static class SpecChecker
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    /// <summary>Attributes are slow to read, and every look at an object asks for them.</summary>
    private static readonly ConcurrentDictionary<Type, Rules> Known = new();

    private static readonly ConcurrentDictionary<string, Regex> Expressions = new(StringComparer.Ordinal);

    /// <param name="spec">The spec.</param>
    /// <param name="others">What rules beyond the schema found. Where they speak of a field too, theirs are the better words.</param>
    /// <returns>All faults: the schema's in the order of the properties, then the others.</returns>
    public static IReadOnlyList<FieldViolation> Check(object spec, IReadOnlyList<FieldViolation> others)
    {
        var faults = new Faults();
        CheckObject(faults, "spec", spec);
        var known = others.Select(fault => fault.Field).ToHashSet(StringComparer.Ordinal);
        return [.. faults.All.Where(fault => !known.Contains(fault.Field)), .. others];
    }

    /// <summary>Unlike $ in .NET, $ of a schema, which ends each of our patterns, does not match before a final line feed.</summary>
    public static bool Matches(string text, string pattern) => Expressions
        .GetOrAdd(pattern, p => new Regex(p[..^1] + @"\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, MatchLimit))
        .IsMatch(text);

    private static void CheckObject(Faults faults, string field, object item)
    {
        var rules = Known.GetOrAdd(item.GetType(), type => new Rules(ObjectJson.InfoOf(type)));
        foreach (var property in rules.Properties)
        {
            var value = property.Get(item);
            if (value is null && !property.IsRequired)
            {
                continue;
            }

            var name = $"{field}.{property.Name}";
            if (value is null)
            {
                faults.Add(name, "It is missing; give it.");
                continue;
            }

            foreach (var rule in property.Rules)
            {
                if (Problem(rule, value) is { } problem)
                {
                    faults.Add(name, problem);
                    break;
                }
            }

            CheckInner(faults, name, value);
        }

        CheckChoices(faults, field, item, rules);
    }

    private static void CheckInner(Faults faults, string field, object value)
    {
        if (value is IList list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (list[i] is not { } element)
                {
                    faults.Add($"{field}[{i}]", "It is null; leave it out.");
                }
                else if (IsOurs(element))
                {
                    CheckObject(faults, $"{field}[{i}]", element);
                }
            }
        }
        else if (IsOurs(value))
        {
            CheckObject(faults, field, value);
        }
    }

    private static void CheckChoices(Faults faults, string field, object item, Rules rules)
    {
        if (rules.ExactlyOneOf is { } exactly && rules.Given(item, exactly) is var given && given.Count != 1)
        {
            faults.Add(field, $"It has {(given.Count == 0 ? "none" : "more than one")} of {string.Join(" and ", exactly)}; give exactly one.");
        }

        if (rules.AtMostOneOf is { } most && rules.Given(item, most) is var some && some.Count > 1)
        {
            faults.Add(field, $"It has {string.Join(" and ", some)}; give one of them.");
        }
    }

    private static string? Problem(Attribute rule, object value) => rule switch
    {
        RequiredAttribute when value is string { Length: 0 } => "It is empty; give it.",
        RangeAttribute range when !range.IsValid(value) => $"{value} is not allowed; use {range.Minimum} to {range.Maximum}.",
        StringLengthAttribute length when value is string text && text.Length > length.MaximumLength =>
            $"It has {text.Length} characters; at most {length.MaximumLength} are allowed.",
        RegularExpressionAttribute pattern when value is string text && !Matches(text, pattern.Pattern) =>
            $"{Quote.Text(text)} is not allowed; it must match {pattern.Pattern}.",
        RegularExpressionAttribute pattern when value is IEnumerable<string> texts && texts.Any(text => text is not null && !Matches(text, pattern.Pattern)) =>
            $"One of its texts is not allowed; each must match {pattern.Pattern}.",
        MaxEntriesAttribute most when value is ICollection items && items.Count > most.Count =>
            $"It has {items.Count} entries; at most {most.Count} are allowed.",
        MinEntriesAttribute least when value is ICollection items && items.Count < least.Count =>
            $"It has {items.Count} entries; at least {least.Count} are needed.",
        AllowedTextAttribute allowed when value is string text && !allowed.Values.Contains(text, StringComparer.Ordinal) =>
            $"{Quote.Text(text)} is not allowed; use {string.Join(" or ", allowed.Values)}.",
        _ => null,
    };

    private static bool IsOurs(object value) => value.GetType().Assembly == typeof(VMCloneSpec).Assembly;

    /// <summary>Of what is written of a type: the compiler keeps that, with its attributes, where all else that nobody names is left out.</summary>
    private sealed class Rules(JsonTypeInfo type)
    {
        public IReadOnlyList<PropertyRules> Properties { get; } = [.. type.Properties.Select(p => new PropertyRules(p))];

        public IReadOnlyList<string>? ExactlyOneOf { get; } = type.Type.GetCustomAttribute<ExactlyOneOfAttribute>()?.Properties;

        public IReadOnlyList<string>? AtMostOneOf { get; } = type.Type.GetCustomAttribute<AtMostOneOfAttribute>()?.Properties;

        public List<string> Given(object item, IReadOnlyList<string> names) =>
            [.. Properties.Where(p => names.Contains(p.Name, StringComparer.Ordinal) && p.Get(item) is not null).Select(p => p.Name)];
    }

    private sealed class PropertyRules(JsonPropertyInfo property)
    {
        public string Name => property.Name;

        public bool IsRequired { get; } = ((MemberInfo)property.AttributeProvider!).IsDefined(typeof(RequiredAttribute));

        /// <summary>Those of a property that this one overrides, too, unless it has its own of that type.</summary>
        public IReadOnlyList<Attribute> Rules { get; } = [.. ((MemberInfo)property.AttributeProvider!).GetCustomAttributes()];

        public object? Get(object item) => property.Get!(item);
    }
}
