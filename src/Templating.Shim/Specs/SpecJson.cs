using System.Text.Json;
using System.Text.Json.Nodes;
using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>JSON that containerd hands over, with limits: part of it is written by whoever made the pod and the image.</summary>
internal static class SpecJson
{
    private const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static JsonObject ParseObject(ReadOnlySpan<byte> json, int maxBytes, string what)
    {
        if (json.Length > maxBytes)
        {
            throw ShimException.Invalid($"{what} has {json.Length} bytes, at most {maxBytes} are allowed.");
        }

        try
        {
            return JsonNode.Parse(json, documentOptions: Options) as JsonObject ?? throw ShimException.Invalid($"{what} is no JSON object.");
        }
        catch (JsonException e)
        {
            throw new ShimException(Grpc.Core.StatusCode.InvalidArgument, $"{what} is no JSON that can be read: {e.Message}", e);
        }
    }

    public static byte[] Write(JsonNode node)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            node.WriteTo(writer);
        }

        return bytes.ToArray();
    }
}
