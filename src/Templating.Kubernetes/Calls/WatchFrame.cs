using System.Text.Json;

namespace Templating.Operator.Cluster;

/// <summary>One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR (then the object is a Status).</summary>
internal sealed class WatchFrame
{
    public string Type { get; set; } = "";

    public JsonElement Object { get; set; }
}
