using System.Text.Json.Nodes;

namespace Templating.Operator.Legacy;

/// <summary>
/// A server of 1.20 takes an applied "" of a custom resource for null, and then refuses it as not being text. Nothing in our
/// statuses tells an empty text from none.
/// </summary>
internal static class EmptyTexts
{
    public static JsonNode Remove(JsonNode node)
    {
        if (node is JsonObject item)
        {
            foreach (var (name, value) in item.ToList())
            {
                if (value is JsonValue leaf && leaf.TryGetValue<string>(out var text) && text.Length == 0)
                {
                    item.Remove(name);
                }
                else if (value is not null)
                {
                    Remove(value);
                }
            }
        }
        else if (node is JsonArray list)
        {
            foreach (var value in list.OfType<JsonNode>())
            {
                Remove(value);
            }
        }

        return node;
    }
}
