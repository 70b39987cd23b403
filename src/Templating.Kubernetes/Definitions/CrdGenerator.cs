using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Resources;

namespace Templating.Kubernetes.Definitions;

/// <summary>A file of the chart.</summary>
public sealed record CrdFile(string Name, string Yaml);

/// <summary>CustomResourceDefinitions (apiextensions.k8s.io/v1) of our types. <c>dotnet run eng/crds.cs</c> writes them.</summary>
[RequiresUnreferencedCode(Reflection.Reason), RequiresDynamicCode(Reflection.Reason)]
public static class CrdGenerator
{
    private static readonly Crd[] All =
    [
        new(typeof(VMTemplate), "vmt", "A VM that is booted and frozen on nodes, from which VMs start in milliseconds.", NodeTemplates.MaxName, PrinterColumns.OfTemplates),
        new(typeof(VMPool), "vmp", "VMs of a VMTemplate that wait paused, to be taken by VMClones.", Labels.MaxLength, PrinterColumns.OfPools),
        new(typeof(VMClone), "vmc", "One VM: taken from a VMPool, or started from a VMTemplate.", Labels.MaxLength, PrinterColumns.OfClones),
    ];

    /// <param name="withCel">For servers from 1.25 on; older ones refuse nothing of it, but drop it with a warning.</param>
    public static IReadOnlyList<CrdFile> Files(bool withCel) =>
        [.. All.Select(crd => new CrdFile($"{Entity(crd.Type).PluralName}.yaml", YamlText.Of(Definition(crd, withCel))))];

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
        var root = new JsonObject
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
        schemas.AddRules(root, crd.Type);
        return root;
    }

    private sealed record Crd(Type Type, string ShortName, string Description, int MaxName, IReadOnlyList<CrdColumn> Columns);
}
