using System.Text.Json;

namespace Templating.Contract;

/// <summary>
/// JSON that others wrote, read so that nothing in it throws later: names and texts that are no Unicode (half a surrogate pair,
/// broken UTF-8) pass <see cref="JsonDocument"/>'s parser, and throw only when somebody reads them.
/// </summary>
public static class JsonTexts
{
    /// <exception cref="JsonException">It is not JSON, or a text in it is not Unicode.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options)
    {
        JsonDocument? document = null;
        try
        {
            // With AllowDuplicateProperties off it reads names itself.
            document = JsonDocument.Parse(utf8, options);
            Read(document.RootElement);
            return document;
        }
        catch (InvalidOperationException e)
        {
            document?.Dispose();
            throw new JsonException("A text in it is not Unicode.", path: null, lineNumber: 0, bytePositionInLine: 0, e);
        }
    }

    private static void Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Read(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Read(property.Value);
                }

                break;
        }
    }
}
