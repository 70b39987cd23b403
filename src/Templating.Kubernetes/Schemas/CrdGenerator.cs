using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using Templating.Contract;

namespace Templating.Kubernetes;

/// <summary>A file of the chart.</summary>
public sealed record CrdFile(string Name, string Yaml);

/// <summary>CustomResourceDefinitions (apiextensions.k8s.io/v1) of our types. <c>dotnet run eng/crds.cs</c> writes them.</summary>
public static class CrdGenerator
{
    private static readonly Crd[] All =
    [
        new(typeof(VMTemplate), "vmt", "A VM that is booted and frozen on nodes, from which VMs start in milliseconds.", NodeTemplates.MaxName,
        [
            new("Nodes", "string", ".status.summary"),
            Condition("Ready", "status"),
            new("Revision", "string", ".status.revision"),
            Condition("Reason", "reason", IsWide: true),
            new("vCPUs", "integer", ".spec.machine.vcpus", IsWide: true),
            new("Memory", "string", ".spec.machine.memory", IsWide: true),
            Age,
        ]),
        new(typeof(VMPool), "vmp", "VMs of a VMTemplate that wait paused, to be taken by VMClones.", Labels.MaxLength,
        [
            new("Template", "string", ".spec.template"),
            new("Desired", "integer", ".spec.replicas"),
            new("Waiting", "integer", ".status.replicas"),
            new("Ready", "integer", ".status.readyReplicas"),
            new("Claimed", "integer", ".status.claimedReplicas"),
            new("Updated", "integer", ".status.updatedReplicas", IsWide: true),
            new("Strategy", "string", ".spec.updateStrategy", IsWide: true),
            new("Revision", "string", ".status.revision", IsWide: true),
            Age,
        ]),
        new(typeof(VMClone), "vmc", "One VM: taken from a VMPool, or started from a VMTemplate.", Labels.MaxLength,
        [
            Condition("Ready", "status"),
            Condition("Reason", "reason"),
            new("Start", "string", ".status.start"),
            new("IP", "string", ".status.ip"),
            new("Node", "string", ".status.nodeName"),
            new("Template", "string", ".spec.template", IsWide: true),
            new("Pool", "string", ".spec.pool", IsWide: true),
            new("Pod", "string", ".status.podName", IsWide: true),
            new("Revision", "string", ".status.revision", IsWide: true),
            new("Seconds", "number", ".status.startSeconds", IsWide: true),
            new("Restarts", "integer", ".status.restarts", IsWide: true),
            Age,
        ]),
    ];

    private static CrdColumn Age => new("Age", "date", ".metadata.creationTimestamp");

    /// <param name="withCel">For servers from 1.25 on; older ones refuse nothing of it, but drop it with a warning.</param>
    public static IReadOnlyList<CrdFile> Files(bool withCel) =>
        [.. All.Select(crd => new CrdFile($"{Entity(crd.Type).PluralName}.yaml", YamlWriter.Write(Definition(crd, withCel))))];

    private static CrdColumn Condition(string name, string field, bool IsWide = false) =>
        new(name, "string", $".status.conditions[?(@.type==\"Ready\")].{field}", IsWide);

    private static KubernetesEntityAttribute Entity(Type type) => type.GetCustomAttribute<KubernetesEntityAttribute>()!;

    private static JsonObject Definition(Crd crd, bool withCel)
    {
        var entity = Entity(crd.Type);
        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{entity.PluralName}.{entity.Group}" },
            ["spec"] = new JsonObject
            {
                ["group"] = entity.Group,
                ["names"] = new JsonObject
                {
                    ["kind"] = entity.Kind,
                    ["listKind"] = entity.Kind + "List",
                    ["plural"] = entity.PluralName,
                    ["singular"] = entity.Kind.ToLowerInvariant(),
                    ["shortNames"] = new JsonArray(crd.ShortName),
                    ["categories"] = new JsonArray("templating", "vms"),
                },
                ["scope"] = "Namespaced",
                ["versions"] = new JsonArray(Version(crd, entity.ApiVersion, withCel)),
            },
        };
    }

    private static JsonObject Version(Crd crd, string version, bool withCel)
    {
        var subresources = new JsonObject { ["status"] = new JsonObject() };
        if (crd.Type == typeof(VMPool))
        {
            subresources["scale"] = new JsonObject
            {
                ["specReplicasPath"] = ".spec.replicas",
                ["statusReplicasPath"] = ".status.replicas",
                ["labelSelectorPath"] = ".status.selector",
            };
        }

        return new JsonObject
        {
            ["name"] = version,
            ["served"] = true,
            ["storage"] = true,
            ["subresources"] = subresources,
            ["additionalPrinterColumns"] = new JsonArray([.. crd.Columns.Select(column => column.ToJson())]),
            ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root(crd, withCel) },
        };
    }

    private static JsonObject Root(Crd crd, bool withCel)
    {
        var schemas = new SchemaGenerator(withCel);
        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = crd.Description,
            ["required"] = new JsonArray("spec"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["type"] = "string" },
                ["kind"] = new JsonObject { ["type"] = "string" },
                ["metadata"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject
                    {
                        ["name"] = new JsonObject { ["type"] = "string", ["maxLength"] = crd.MaxName, ["pattern"] = Patterns.Label },
                    },
                },
                ["spec"] = schemas.Of(crd.Type.GetProperty("Spec")!.PropertyType),
                ["status"] = schemas.Of(crd.Type.GetProperty("Status")!.PropertyType),
            },
        };
    }

    private sealed record Crd(Type Type, string ShortName, string Description, int MaxName, IReadOnlyList<CrdColumn> Columns);
}
