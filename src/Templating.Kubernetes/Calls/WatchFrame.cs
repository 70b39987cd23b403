using System.Text.Json;
using System.Text.Json.Serialization;

namespace Templating.Kubernetes.Calls;

/// <summary>One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR (then the item is a Status).</summary>
public sealed class WatchFrame
{
    public string Type { get; set; } = "";

    [JsonPropertyName("object")]
    public JsonElement Item { get; set; }
}
