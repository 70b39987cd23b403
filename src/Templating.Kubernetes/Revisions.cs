using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Templating.Contract;
using Templating.Kubernetes.Resources;

namespace Templating.Kubernetes;

/// <summary>
/// A revision in the cluster is the digest of what determines the bytes of a template: two specs with the same revision
/// are the same template. On a node it is a template of its own (<see cref="NodeTemplates"/>), so that old and new stand side
/// by side and nothing but names has to be remembered.
/// </summary>
public static class Revisions
{
    /// <summary>Names as users write them, and nothing escaped that JSON can hold: what is digested is to read here alone.</summary>
    private static readonly EssenceContext Format = new(new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Of(VMTemplateSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        // Neither where it is built nor how many old ones are kept changes its bytes.
        return Digest(new JsonObject
        {
            ["guest"] = Essence(spec.Guest),
            ["machine"] = Essence(spec.Machine),
            ["network"] = Essence(spec.Network),
            ["readiness"] = Essence(spec.Readiness),
        });
    }

    /// <summary>A part of a VMTemplate's spec or of a VMClone's, as it is digested.</summary>
    public static JsonNode? Essence<T>(T part) => JsonSerializer.SerializeToNode(part, (JsonTypeInfo<T>)Format.Options.GetTypeInfo(typeof(T)));

    /// <summary>
    /// Of the canonical form: keys in order, and nothing of what is unset. A field that a later version adds leaves the
    /// revisions alone of all who do not use it.
    /// </summary>
    public static string Digest(JsonNode? essence)
    {
        var canonical = Canonical(essence)?.ToJsonString(Format.Options) ?? "";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))[..NodeTemplates.RevisionLength];
    }

    /// <summary>Null for what counts as unset: null, and a list or an object with nothing in it.</summary>
    private static JsonNode? Canonical(JsonNode? node) => node switch
    {
        JsonObject item => Object(item) is { Count: > 0 } some ? some : null,
        // The places of a list's items count, so none is left out.
        JsonArray { Count: > 0 } list => new JsonArray([.. list.Select(item => Canonical(item) ?? item?.DeepClone())]),
        JsonArray => null,
        _ => node?.DeepClone(),
    };

    private static JsonObject Object(JsonObject item) => new(item
        .Select(property => KeyValuePair.Create(property.Key, Canonical(property.Value)))
        .Where(property => property.Value is not null)
        .OrderBy(property => property.Key, StringComparer.Ordinal));
}
