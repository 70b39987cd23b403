using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Templating.Kubernetes.Definitions;

/// <summary>JSON as block-style YAML, in the same order every time.</summary>
internal static partial class YamlWriter
{
    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(JsonObject root)
    {
        var text = new StringBuilder();
        WriteObject(text, root, 0, isFirstOnLine: true);
        return text.ToString();
    }

    private static void WriteObject(StringBuilder text, JsonObject item, int indent, bool isFirstOnLine)
    {
        foreach (var (name, value) in item)
        {
            text.Append(' ', isFirstOnLine ? indent : 0).Append(Scalar(name)).Append(':');
            isFirstOnLine = true;
            WriteValue(text, value, indent);
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } child:
                text.Append('\n');
                WriteObject(text, child, indent + 2, isFirstOnLine: true);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append('\n');
                foreach (var item in list)
                {
                    WriteItem(text, item, indent);
                }

                break;
            default:
                text.Append(' ').Append(Leaf(value)).Append('\n');
                break;
        }
    }

    private static void WriteItem(StringBuilder text, JsonNode? item, int indent)
    {
        text.Append(' ', indent).Append("- ");
        if (item is JsonObject { Count: > 0 } child)
        {
            WriteObject(text, child, indent + 2, isFirstOnLine: false);
        }
        else
        {
            text.Append(Leaf(item)).Append('\n');
        }
    }

    private static string Leaf(JsonNode? value) => value is JsonValue leaf && leaf.TryGetValue<string>(out var text)
        ? Scalar(text)
        : value?.ToJsonString() ?? "null";

    /// <summary>As it is where nobody could read it as anything but text (YAML 1.1 takes True for a boolean, too); else in double quotes, whose escapes YAML shares with JSON.</summary>
    private static string Scalar(string text) =>
        Plain().IsMatch(text) && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n")
            ? text
            : JsonSerializer.Serialize(text, Quoted);

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_./-]*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();
}
