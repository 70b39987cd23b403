using System.Text.Json.Serialization;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>What the next daemon needs to know of a volume: <c>RUN/volumes/ID.json</c>, written before anything is mounted.</summary>
internal sealed record VolumeRecord
{
    public const int CurrentVersion = 1;

    public required int FormatVersion { get; init; }

    public required VolumeView View { get; init; }

    /// <summary>False while its mounts are being made: a daemon that finds it so undoes them.</summary>
    public required bool Complete { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    WriteIndented = true)]
[JsonSerializable(typeof(VolumeRecord))]
internal sealed partial class VolumeRecordJson : JsonSerializerContext;
