using System.Text.Json.Nodes;
using k8s.Models;

namespace Templating.Kubernetes.Definitions;

/// <summary>Schemas of Kubernetes' own types, whose classes carry no bounds.</summary>
internal static class ForeignSchemas
{
    // k8s.io/apimachinery: what resource.Quantity's parser takes.
    private const string Quantity = @"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

    // metav1.Condition's own bounds.
    private const string Condition = """
        {
          "type": "object",
          "required": ["type", "status", "lastTransitionTime", "reason", "message"],
          "properties": {
            "type": {"type": "string", "maxLength": 316},
            "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
            "reason": {"type": "string", "minLength": 1, "maxLength": 1024, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"},
            "message": {"type": "string", "maxLength": 32768},
            "lastTransitionTime": {"type": "string", "format": "date-time"},
            "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0}
          }
        }
        """;

    private const string Toleration = """
        {
          "type": "object",
          "properties": {
            "key": {"type": "string", "maxLength": 317},
            "operator": {"type": "string", "enum": ["Exists", "Equal"]},
            "value": {"type": "string", "maxLength": 63},
            "effect": {"type": "string", "enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
            "tolerationSeconds": {"type": "integer", "format": "int64"}
          }
        }
        """;

    public static JsonObject? TryGet(Type type) =>
        type == typeof(V1Condition) ? JsonNode.Parse(Condition)!.AsObject()
        : type == typeof(V1Toleration) ? JsonNode.Parse(Toleration)!.AsObject()
        : type == typeof(V1Affinity) ? SchedulingSchemas.Affinity
        : type == typeof(V1TopologySpreadConstraint) ? SchedulingSchemas.Spread
        : type == typeof(V1LocalObjectReference) ? SchedulingSchemas.Reference
        : type == typeof(V1PodDNSConfig) ? SchedulingSchemas.Dns
        : type != typeof(ResourceQuantity) ? null
        : new JsonObject
        {
            ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }),
            ["pattern"] = Quantity,
            ["x-kubernetes-int-or-string"] = true,
        };
}
