using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Templating.Core.Templates;

namespace Templating.Core.Store;

[JsonSourceGenerationOptions(
    WriteIndented = true,
    NewLine = "\n",
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.Strict,
    MaxDepth = StoreLimits.ManifestDepth,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(DurationConverter), typeof(AcceleratorConverter), typeof(GuestAgentKindConverter)])]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary>
/// Every member must be there, also those that may be null: a manifest is written by this code alone, so one that
/// leaves something out was not. Except for what came later, which is written only where there is something to say.
/// </summary>
internal static class StrictManifest
{
    private static readonly HashSet<string> Later = new(StringComparer.Ordinal)
    {
        "maxVcpus", "maxMemoryBytes", "kernelSource", "initrdSource", "imageSources", "waitForBoot", "failedUnits",
        "memoryBlocks", "sandbox",
    };

    public static JsonTypeInfo<Manifest> TypeInfo { get; } = Make();

    private static JsonTypeInfo<Manifest> Make()
    {
        var options = new JsonSerializerOptions(ManifestJson.Default.Options)
        {
            TypeInfoResolver = ManifestJson.Default.WithAddedModifier(static type =>
            {
                foreach (var property in type.Properties)
                {
                    property.IsRequired = type.Type != typeof(FileSource) && !Later.Contains(property.Name);
                }
            }),
        };
        return (JsonTypeInfo<Manifest>)options.GetTypeInfo(typeof(Manifest));
    }
}
