using System.Text.Json.Nodes;

namespace Templating.Operator.Cluster;

/// <summary>Parts of a JSON merge patch.</summary>
internal static class MergePatch
{
    /// <summary>Labels or annotations; null takes one away.</summary>
    public static JsonObject Map(IEnumerable<KeyValuePair<string, string?>> entries) =>
        new(entries.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));

    /// <summary>A patch has lists as a whole.</summary>
    public static JsonArray List(IEnumerable<string> entries) => new([.. entries.Select(entry => (JsonNode?)entry)]);

    public static JsonArray List<T>(IEnumerable<T> items)
        where T : class => new([.. items.Select(ObjectJson.Node)]);
}
