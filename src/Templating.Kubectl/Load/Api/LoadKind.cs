using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Load.Api;

/// <summary>A resource that load tests make or look at.</summary>
/// <param name="Plural">Its name in paths.</param>
/// <param name="Root">Of its group and version.</param>
internal sealed record LoadKind(string Plural, string Root)
{
    public static readonly LoadKind Clones = new(VMClone.Plural, $"apis/{Group.ApiVersion}");

    public static readonly LoadKind Pools = new(VMPool.Plural, $"apis/{Group.ApiVersion}");

    public static readonly LoadKind Templates = new(VMTemplate.Plural, $"apis/{Group.ApiVersion}");

    public static readonly LoadKind Pods = new("pods", $"api/{V1Pod.KubeApiVersion}");

    public static readonly LoadKind Namespaces = new("namespaces", $"api/{V1Namespace.KubeApiVersion}");

    /// <summary>What a load test makes.</summary>
    public static readonly IReadOnlyList<LoadKind> Made = [Clones, Pods];

    /// <param name="namespace">Null for all.</param>
    public string Collection(string? @namespace) => @namespace is null ? $"{Root}/{Plural}" : $"{Root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}";

    /// <param name="namespace">Null for what is in none.</param>
    /// <param name="name">Of it.</param>
    public string Item(string? @namespace, string name) => $"{Collection(@namespace)}/{Uri.EscapeDataString(name)}";
}
