using System.Text.Json.Nodes;

namespace Templating.Kubernetes.Definitions;

/// <summary>
/// Schemas of what a pod says of where it wants to run and what it may fetch, as k8s.io/api has it. What more must hold of
/// them the API server says when the pod is made.
/// </summary>
internal static class SchedulingSchemas
{
    private const string Key = """{"type": "string", "minLength": 1, "maxLength": 317}""";

    private const string Texts = """{"type": "array", "maxItems": 64, "items": {"type": "string", "maxLength": 253}}""";

    private const string LabelSelector = $$$$"""
        {
          "type": "object",
          "properties": {
            "matchLabels": {"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string", "maxLength": 63}},
            "matchExpressions": {"type": "array", "maxItems": 64, "items": {
              "type": "object",
              "required": ["key", "operator"],
              "properties": {
                "key": {{{{Key}}}},
                "operator": {"type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
                "values": {{{{Texts}}}}
              }
            }}
          }
        }
        """;

    private const string NodeRequirements = $$$$"""
        {"type": "array", "maxItems": 64, "items": {
          "type": "object",
          "required": ["key", "operator"],
          "properties": {
            "key": {{{{Key}}}},
            "operator": {"type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]},
            "values": {{{{Texts}}}}
          }
        }}
        """;

    // One with nothing in it matches no node, which with our own requirement in it would be every node.
    private const string NodeTerm = $$$$"""
        {
          "type": "object",
          "minProperties": 1,
          "properties": {"matchExpressions": {{{{NodeRequirements}}}}, "matchFields": {{{{NodeRequirements}}}}}
        }
        """;

    private const string PodTerm = $$$$"""
        {
          "type": "object",
          "required": ["topologyKey"],
          "properties": {
            "labelSelector": {{{{LabelSelector}}}},
            "namespaceSelector": {{{{LabelSelector}}}},
            "namespaces": {{{{Texts}}}},
            "topologyKey": {{{{Key}}}},
            "matchLabelKeys": {{{{Texts}}}},
            "mismatchLabelKeys": {{{{Texts}}}}
          }
        }
        """;

    private const string Weight = """{"type": "integer", "format": "int32", "minimum": 1, "maximum": 100}""";

    private const string PodAffinity = $$$$"""
        {
          "type": "object",
          "properties": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"type": "array", "maxItems": 16, "items": {{{{PodTerm}}}}},
            "preferredDuringSchedulingIgnoredDuringExecution": {"type": "array", "maxItems": 16, "items": {
              "type": "object",
              "required": ["weight", "podAffinityTerm"],
              "properties": {"weight": {{{{Weight}}}}, "podAffinityTerm": {{{{PodTerm}}}}}
            }}
          }
        }
        """;

    private const string AffinityText = $$$$"""
        {
          "type": "object",
          "properties": {
            "nodeAffinity": {
              "type": "object",
              "properties": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                  "type": "object",
                  "required": ["nodeSelectorTerms"],
                  "properties": {"nodeSelectorTerms": {"type": "array", "minItems": 1, "maxItems": 16, "items": {{{{NodeTerm}}}}}}
                },
                "preferredDuringSchedulingIgnoredDuringExecution": {"type": "array", "maxItems": 16, "items": {
                  "type": "object",
                  "required": ["weight", "preference"],
                  "properties": {"weight": {{{{Weight}}}}, "preference": {{{{NodeTerm}}}}}
                }}
              }
            },
            "podAffinity": {{{{PodAffinity}}}},
            "podAntiAffinity": {{{{PodAffinity}}}}
          }
        }
        """;

    private const string SpreadText = $$$$"""
        {
          "type": "object",
          "required": ["maxSkew", "topologyKey", "whenUnsatisfiable"],
          "properties": {
            "maxSkew": {"type": "integer", "format": "int32", "minimum": 1},
            "topologyKey": {{{{Key}}}},
            "whenUnsatisfiable": {"type": "string", "enum": ["DoNotSchedule", "ScheduleAnyway"]},
            "labelSelector": {{{{LabelSelector}}}},
            "matchLabelKeys": {{{{Texts}}}},
            "minDomains": {"type": "integer", "format": "int32", "minimum": 1},
            "nodeAffinityPolicy": {"type": "string", "enum": ["Honor", "Ignore"]},
            "nodeTaintsPolicy": {"type": "string", "enum": ["Honor", "Ignore"]}
          }
        }
        """;

    private const string DnsText = $$$$"""
        {
          "type": "object",
          "properties": {
            "nameservers": {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 45}},
            "searches": {"type": "array", "maxItems": 32, "items": {"type": "string", "maxLength": 253}},
            "options": {"type": "array", "maxItems": 32, "items": {
              "type": "object",
              "properties": {"name": {"type": "string", "maxLength": 253}, "value": {"type": "string", "maxLength": 253}}
            }}
          }
        }
        """;

    private const string ReferenceText = """
        {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 253}}}
        """;

    public static JsonObject Affinity => JsonNode.Parse(AffinityText)!.AsObject();

    public static JsonObject Spread => JsonNode.Parse(SpreadText)!.AsObject();

    public static JsonObject Dns => JsonNode.Parse(DnsText)!.AsObject();

    public static JsonObject Reference => JsonNode.Parse(ReferenceText)!.AsObject();
}
