using System.Text.Json.Serialization;
using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>
/// What the next daemon needs to take a clone over: <c>RUN/clones/FOLDER/clone.json</c>. The folder has a random name,
/// because clone ids are unique only within a tenant. Secrets (environment, user data) are never in it.
/// </summary>
internal sealed record CloneRecord
{
    public const int CurrentVersion = 1;

    public required int FormatVersion { get; init; }

    public required CloneView View { get; init; }

    /// <summary>Null once it has ended.</summary>
    public VmProcessId? Process { get; init; }

    public VmUser? User { get; init; }

    public required GuestAgentKind Agent { get; init; }

    public Guid? RequestId { get; init; }

    public string RequestDigest { get; init; } = "";

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Null where it has no end; not written then, so that daemons that know of none can read it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LifetimeRecord? Lifetime { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(CloneRecord))]
internal sealed partial class CloneRecordJson : JsonSerializerContext;
