using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Pods;

/// <summary>Everything that makes one VM pod differ from another.</summary>
internal sealed record PodPlan
{
    public required VMTemplate Template { get; init; }

    /// <summary>As in <see cref="Revisions"/>.</summary>
    public required string Revision { get; init; }

    /// <summary>Its controller: a VMPool or a VMClone.</summary>
    public required V1OwnerReference Owner { get; init; }

    /// <summary>One of the two; the other is null.</summary>
    public string? Name { get; init; }

    public string? GenerateName { get; init; }

    /// <summary>The user's part.</summary>
    public VMPodTemplate? Pod { get; init; }

    public IReadOnlyList<VMPort> Ports { get; init; } = [];

    /// <summary>Ours, on top of those that every VM pod has.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
