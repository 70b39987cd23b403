using System.Text.Json.Nodes;

namespace Templating.Kubernetes.Definitions;

/// <summary>A column of kubectl get; a wide one only with -o wide.</summary>
internal sealed record CrdColumn(string Name, string Type, string JsonPath, bool IsWide = false)
{
    public JsonNode ToJson()
    {
        var column = new JsonObject { ["name"] = Name, ["type"] = Type, ["jsonPath"] = JsonPath };
        if (IsWide)
        {
            column["priority"] = 1;
        }

        return column;
    }
}
