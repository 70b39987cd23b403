using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Templating.Core.Names;
using Templating.Core.Templates;

namespace Templating.Core.Building;

/// <summary>Tells one create request from another under the same request id.</summary>
internal static class TemplateDigest
{
    public static string Compute(TemplateName name, TemplateSpec spec) =>
        name + " " + Convert.ToHexStringLower(SHA256.HashData(
            JsonSerializer.SerializeToUtf8Bytes(spec, TemplateSpecJson.Default.TemplateSpec)));
}

[JsonSerializable(typeof(TemplateSpec))]
internal sealed partial class TemplateSpecJson : JsonSerializerContext;
