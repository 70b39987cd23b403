using System.Text.Json;
using System.Text.Json.Serialization;
using Templating.Core.Linux;

namespace Templating.Shim.Host;

/// <summary>
/// What is to be given back when a pod's shim is gone: the shim writes it before it acquires anything, and "delete" reads it when there
/// is nobody else to ask.
/// </summary>
internal sealed record PodRecord
{
    private const int MaxBytes = 64 * 1024;
    private const string FileName = "pod.json";

    /// <summary>Of the daemon.</summary>
    public required string Daemon { get; init; }

    /// <summary>tenants/{tenant}/clones/{id}, which may not be there yet, or not any more.</summary>
    public required string Sandbox { get; init; }

    /// <summary>Control groups that were made for it.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <returns>Null where there is none.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PodRecord? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (FileStamp.TryRead(path) is null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), PodRecordJson.Default.PodRecord);
        }
        catch (JsonException e)
        {
            throw new IOException($"{path} is damaged: {e.Message}", e);
        }
    }

    public void Write(string folder) =>
        SmallFile.Replace(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, PodRecordJson.Default.PodRecord));
}

[JsonSerializable(typeof(PodRecord))]
internal sealed partial class PodRecordJson : JsonSerializerContext;
