using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Templating.Kubernetes;

namespace Templating.Operator.Validation;

/// <summary>
/// The rules of the resources' schema once more, from the same attributes: for objects written under an older schema, and
/// for what a schema lets through. Values of inputs are never repeated in a message, they may be secret.
/// </summary>
internal static class SpecChecker
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    /// <returns>All faults, in the order of the properties.</returns>
    public static List<Fault> Check(object spec)
    {
        var faults = new List<Fault>();
        CheckObject(faults, "spec", spec);
        return faults;
    }

    private static void CheckObject(List<Fault> faults, string field, object item)
    {
        var type = item.GetType();
        foreach (var property in type.GetProperties())
        {
            var value = property.GetValue(item);
            var name = $"{field}.{NameOf(property.Name)}";
            if (value is null)
            {
                if (property.IsDefined(typeof(RequiredAttribute)))
                {
                    faults.Add(new(name, "It is missing; give it."));
                }

                continue;
            }

            foreach (var rule in property.GetCustomAttributes())
            {
                if (Problem(rule, value) is { } problem)
                {
                    faults.Add(new(name, problem));
                    break;
                }
            }

            CheckInner(faults, name, value);
        }

        CheckChoices(faults, field, item, type);
    }

    private static void CheckInner(List<Fault> faults, string field, object value)
    {
        if (value is IList list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (list[i] is not { } element)
                {
                    faults.Add(new($"{field}[{i}]", "It is null; leave it out."));
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

    private static void CheckChoices(List<Fault> faults, string field, object item, Type type)
    {
        if (type.GetCustomAttribute<ExactlyOneOfAttribute>() is { } exactly && Given(item, exactly.Properties) is var given && given.Count != 1)
        {
            faults.Add(new(field, $"It has {(given.Count == 0 ? "none" : "all")} of {string.Join(" and ", exactly.Properties)}; give exactly one."));
        }

        if (type.GetCustomAttribute<AtMostOneOfAttribute>() is { } most && Given(item, most.Properties) is var some && some.Count > 1)
        {
            faults.Add(new(field, $"It has {string.Join(" and ", some)}; give one of them."));
        }
    }

    private static List<string> Given(object item, IReadOnlyList<string> names) =>
        names.Where(n => Property(item.GetType(), n).GetValue(item) is not null).ToList();

    private static PropertyInfo Property(Type type, string name) =>
        type.GetProperties().Single(p => string.Equals(NameOf(p.Name), name, StringComparison.Ordinal));

    private static string? Problem(Attribute rule, object value) => rule switch
    {
        RequiredAttribute when value is string { Length: 0 } => "It is empty; give it.",
        RangeAttribute range when !range.IsValid(value) => $"{value} is not allowed; use {range.Minimum} to {range.Maximum}.",
        StringLengthAttribute length when value is string text && text.Length > length.MaximumLength =>
            $"It has {text.Length} characters; at most {length.MaximumLength} are allowed.",
        RegularExpressionAttribute pattern when value is string text && !Matches(text, pattern.Pattern) =>
            $"{Quote(text)} is not allowed; it must match {pattern.Pattern}.",
        MaxLengthAttribute most when value is ICollection items && items.Count > most.Length =>
            $"It has {items.Count} entries; at most {most.Length} are allowed.",
        MinLengthAttribute least when value is ICollection items && items.Count < least.Length =>
            $"It has {items.Count} entries; at least {least.Length} are needed.",
        AllowedTextAttribute allowed when value is string text && !allowed.Values.Contains(text, StringComparer.Ordinal) =>
            $"{Quote(text)} is not allowed; use {string.Join(" or ", allowed.Values)}.",
        _ => null,
    };

    /// <summary>Unlike $ in .NET, $ of a schema does not match before a final line feed.</summary>
    private static bool Matches(string text, string pattern) =>
        !text.EndsWith('\n') && Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, MatchLimit);

    private static bool IsOurs(object value) => value.GetType().Assembly == typeof(VMCloneSpec).Assembly;

    private static string NameOf(string property) => JsonNamingPolicy.CamelCase.ConvertName(property);

    private static string Quote(string text) => text.Length <= 64 ? $"'{text}'" : $"'{text[..64]}...'";
}
