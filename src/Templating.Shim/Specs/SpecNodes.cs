using System.Text.Json.Nodes;
using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>Fields of a specification: absent, or of the kind that is asked for. Anything else is containerd's fault, and named.</summary>
internal static class SpecNodes
{
    public static JsonObject? Child(this JsonObject? of, string key) => of?[key] switch
    {
        null => null,
        JsonObject found => found,
        var other => throw Wrong(other, "an object"),
    };

    public static JsonArray? List(this JsonObject? of, string key, int limit) => of?[key] switch
    {
        null => null,
        JsonArray found when found.Count <= limit => found,
        JsonArray found => throw ShimException.Invalid($"{Place(found)} has {found.Count} entries, at most {limit} are allowed."),
        var other => throw Wrong(other, "a list"),
    };

    public static IEnumerable<JsonObject> Children(this JsonObject? of, string key, int limit) =>
        (of.List(key, limit) ?? []).Select(item => item as JsonObject ?? throw ShimException.Invalid($"config.json: {key} has an entry that is no object."));

    public static IEnumerable<string> Texts(this JsonObject? of, string key, int limit) =>
        (of.List(key, limit) ?? []).Select(item => item is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw ShimException.Invalid($"config.json: {key} has an entry that is no text."));

    public static string? Text(this JsonObject? of, string key) => of?[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => throw Wrong(other, "a text"),
    };

    public static long? Number(this JsonObject? of, string key) => of?[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        // Go's unsigned ones: what is beyond is no limit in practice.
        JsonValue value when value.TryGetValue<ulong>(out _) => long.MaxValue,
        var other => throw Wrong(other, "a whole number"),
    };

    public static bool Flag(this JsonObject? of, string key) => of?[key] switch
    {
        null => false,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        var other => throw Wrong(other, "true or false"),
    };

    /// <summary>Those fields, as they are.</summary>
    public static JsonObject Keep(this JsonObject of, params ReadOnlySpan<string> keys)
    {
        var kept = new JsonObject();
        foreach (var key in keys)
        {
            if (of[key] is { } value)
            {
                kept[key] = value.DeepClone();
            }
        }

        return kept;
    }

    private static ShimException Wrong(JsonNode found, string expected) =>
        ShimException.Invalid($"{Place(found)} is {found.GetValueKind()}, expected {expected}.");

    private static string Place(JsonNode node) => $"config.json: {node.GetPath()}";
}
