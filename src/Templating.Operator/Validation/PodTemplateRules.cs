using System.Text.RegularExpressions;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Validation;

/// <summary>What a schema cannot say of the pod around a VM: its metadata must be valid, and none of it ours.</summary>
internal static partial class PodTemplateRules
{
    private const int MaxLabelValue = 63;

    /// <summary>Kubernetes' own limit for all annotations of an object together.</summary>
    private const int MaxAnnotationBytes = 256 * 1024;

    private static readonly string[] ReservedNames = [Keys.NameLabel, Keys.ManagedByLabel];

    public static void Check(List<Fault> faults, VMPodTemplate? pod)
    {
        CheckLabels(faults, "spec.pod.labels", pod?.Labels);
        CheckKeys(faults, "spec.pod.annotations", pod?.Annotations?.Keys);
        if (pod?.Annotations?.Sum(a => (long)a.Key.Length + (a.Value?.Length ?? 0)) is > MaxAnnotationBytes and var size)
        {
            faults.Add(new("spec.pod.annotations", $"All together have {size} characters; at most {MaxAnnotationBytes} are allowed."));
        }

        CheckResources(faults, "spec.pod.resources.requests", pod?.Resources?.Requests);
        CheckResources(faults, "spec.pod.resources.limits", pod?.Resources?.Limits);
    }

    /// <summary>Whether a label or annotation is one that only we may set.</summary>
    public static bool IsReserved(string key)
    {
        var domain = key.Split('/')[0];
        return ReservedNames.Contains(key, StringComparer.Ordinal)
            || (key.Contains('/', StringComparison.Ordinal)
                && (domain == Kubernetes.Group.Name || domain.EndsWith("." + Kubernetes.Group.Name, StringComparison.Ordinal)));
    }

    private static void CheckLabels(List<Fault> faults, string field, Dictionary<string, string>? labels)
    {
        CheckKeys(faults, field, labels?.Keys);
        foreach (var (key, value) in labels ?? [])
        {
            if (value is { Length: > 0 } && (value.Length > MaxLabelValue || !NamePart().IsMatch(value)))
            {
                faults.Add(new($"{field}[{key}]", $"'{Shorten(value)}' is not a label's value; use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends."));
            }
        }
    }

    private static void CheckKeys(List<Fault> faults, string field, IEnumerable<string>? keys)
    {
        foreach (var key in keys ?? [])
        {
            var slash = key.IndexOf('/', StringComparison.Ordinal);
            var name = key[(slash + 1)..];
            if (name.Length is 0 or > 63 || !NamePart().IsMatch(name) || slash is 0 or > 253 || (slash > 0 && !Domain().IsMatch(key[..slash])))
            {
                faults.Add(new($"{field}[{Shorten(key)}]", "It is not a qualified name; use NAME or DOMAIN/NAME, NAME with at most 63 letters, digits, '-', '_' and '.'."));
            }
            else if (IsReserved(key))
            {
                faults.Add(new($"{field}[{Shorten(key)}]", "It is the operator's own; use another name."));
            }
        }
    }

    private static void CheckResources(List<Fault> faults, string field, Dictionary<string, ResourceQuantity>? resources)
    {
        foreach (var (key, value) in resources ?? [])
        {
            if (key == Keys.KvmResource)
            {
                faults.Add(new($"{field}[{key}]", "It follows from the template's accelerator; leave it out."));
            }
            else if (value is null || value.ToDecimal() < 0)
            {
                faults.Add(new($"{field}[{Shorten(key)}]", "It is not a quantity of 0 or more; use one such as 512Mi."));
            }
        }
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : text[..64] + "...";

    [GeneratedRegex(@"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePart();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Domain();
}
