using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;

namespace Templating.Cli.Output;

/// <summary>
/// Messages as the canonical JSON of Protocol Buffers: lowerCamelCase names, 64-bit numbers as strings. Lists and maps are always
/// there, empty ones too: what counts or walks them need not ask first.
/// </summary>
internal static class ProtoJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(
        TypeRegistry.FromMessages(ErrorInfo.Descriptor, BadRequest.Descriptor, RetryInfo.Descriptor)));

    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        NewLine = "\n",
        // Output goes to terminals and files, never into HTML; < and > may stay themselves.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static JsonObject Tree(IMessage message) => WithLists(JsonNode.Parse(Formatter.Format(message))!.AsObject(), message.Descriptor);

    public static string Text(JsonNode tree, bool indented = true)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Indented with { Indented = indented }))
        {
            tree.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }

    /// <summary>The formatter's own switch would add every number and text at its default as well.</summary>
    private static JsonObject WithLists(JsonObject tree, MessageDescriptor type)
    {
        var whole = new JsonObject();
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            tree.Remove(field.JsonName, out var value);
            if (value is not null)
            {
                whole[field.JsonName] = Inner(value, field);
            }
            else if (field.IsRepeated)
            {
                whole[field.JsonName] = field.IsMap ? new JsonObject() : new JsonArray();
            }
        }

        return whole;
    }

    private static JsonNode Inner(JsonNode value, FieldDescriptor field)
    {
        // Of others' types some have a form of their own, such as a duration's text.
        if (field.FieldType != FieldType.Message || field.IsMap || field.MessageType.File.Package.StartsWith("google.", StringComparison.Ordinal))
        {
            return value;
        }

        return value is JsonArray list
            ? new JsonArray([.. list.Select(item => (JsonNode)WithLists(item!.DeepClone().AsObject(), field.MessageType))])
            : WithLists(value.AsObject(), field.MessageType);
    }
}
