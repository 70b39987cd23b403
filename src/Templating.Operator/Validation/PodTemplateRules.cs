using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Validation;

/// <summary>What a schema cannot say of the pod around a VM: its metadata must be valid, and none of it ours.</summary>
internal static class PodTemplateRules
{
    /// <summary>Kubernetes' own limit for all annotations of an object together.</summary>
    private const int MaxAnnotationBytes = 256 * 1024;

    private static readonly string[] ReservedNames = [Keys.NameLabel, Keys.ManagedByLabel];

    public static IReadOnlyList<FieldViolation> Check(VMPodTemplate? pod)
    {
        var faults = new Faults();
        CheckLabels(faults, "spec.pod.labels", pod?.Labels);
        CheckKeys(faults, "spec.pod.annotations", pod?.Annotations?.Keys);
        if (pod?.Annotations?.Sum(a => (long)a.Key.Length + (a.Value?.Length ?? 0)) is > MaxAnnotationBytes and var size)
        {
            faults.Add("spec.pod.annotations", $"All together have {size} characters; at most {MaxAnnotationBytes} are allowed.");
        }

        CheckTerms(faults, "spec.pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution", pod?.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution);
        CheckResources(faults, "spec.pod.resources.requests", pod?.Resources?.Requests);
        CheckResources(faults, "spec.pod.resources.limits", pod?.Resources?.Limits);
        return faults.All;
    }

    /// <summary>A term with nothing in it matches no node; that the node has the revision is added to each, and it would match many.</summary>
    private static void CheckTerms(Faults faults, string field, V1NodeSelector? selector)
    {
        faults.Require(
            selector is null || selector.NodeSelectorTerms is { Count: > 0 }, $"{field}.nodeSelectorTerms",
            "It has no term, which matches no node; give one, or leave it out.");
        foreach (var (index, term) in (selector?.NodeSelectorTerms ?? []).Index())
        {
            faults.Require(
                term is { MatchExpressions.Count: > 0 } or { MatchFields.Count: > 0 }, $"{field}.nodeSelectorTerms[{index}]",
                "It has neither matchExpressions nor matchFields, which matches no node; give one of them.");
        }
    }

    /// <summary>Whether a label or annotation is one that only we may set.</summary>
    public static bool IsReserved(string key)
    {
        var domain = key.Split('/')[0];
        return ReservedNames.Contains(key, StringComparer.Ordinal)
            || (key.Contains('/', StringComparison.Ordinal)
                && (domain == Kubernetes.Group.Name || domain.EndsWith("." + Kubernetes.Group.Name, StringComparison.Ordinal)));
    }

    private static void CheckLabels(Faults faults, string field, Dictionary<string, string>? labels)
    {
        CheckKeys(faults, field, labels?.Keys);
        foreach (var (key, value) in labels ?? [])
        {
            if (value is { Length: > 0 } && (value.Length > Labels.MaxLength || !SpecChecker.Matches(value, Patterns.QualifiedName)))
            {
                faults.Add($"{field}[{key}]", $"'{Shorten(value)}' is not a label's value; use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends.");
            }
        }
    }

    private static void CheckKeys(Faults faults, string field, IEnumerable<string>? keys)
    {
        foreach (var key in keys ?? [])
        {
            var slash = key.IndexOf('/', StringComparison.Ordinal);
            var name = key[(slash + 1)..];
            if (name.Length > Labels.MaxLength || !SpecChecker.Matches(name, Patterns.QualifiedName)
                || slash is 0 or > Patterns.MaxSubdomain || (slash > 0 && !SpecChecker.Matches(key[..slash], Patterns.Subdomain)))
            {
                faults.Add($"{field}[{Shorten(key)}]", "It is not a qualified name; use NAME or DOMAIN/NAME, NAME with at most 63 letters, digits, '-', '_' and '.'.");
            }
            else if (IsReserved(key))
            {
                faults.Add($"{field}[{Shorten(key)}]", "It is the operator's own; use another name.");
            }
        }
    }

    private static void CheckResources(Faults faults, string field, Dictionary<string, ResourceQuantity>? resources)
    {
        foreach (var (key, value) in resources ?? [])
        {
            if (key == Keys.KvmResource)
            {
                faults.Add($"{field}[{key}]", "It follows from the template's accelerator; leave it out.");
            }
            else if (value is null || value.ToDecimal() < 0)
            {
                faults.Add($"{field}[{Shorten(key)}]", "It is not a quantity of 0 or more; use one such as 512Mi.");
            }
        }
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : text[..64] + "...";
}
