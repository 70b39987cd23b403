using System.Text.Json;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Names;

namespace Templating.Core.Pools;

/// <summary>
/// What the next daemon needs to take a VM that waits over: <c>RUN/clones/FOLDER/waiting.json</c>. It is removed before a clone gets the VM, so
/// that one in whose start a daemon is killed has neither this nor a clone's record, and is ended as all such are.
/// </summary>
internal sealed record WaitingRecord
{
    public const int CurrentVersion = 1;

    public required int FormatVersion { get; init; }

    public required PoolName Pool { get; init; }

    public required RevisionName Revision { get; init; }

    public required WaitingKind Kind { get; init; }

    public required VmProcessId Process { get; init; }

    public VmUser? User { get; init; }

    public required Guid Generation { get; init; }

    public required bool Outbound { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required long ChargedBytes { get; init; }
}

/// <summary>Reads, writes and removes <c>waiting.json</c>.</summary>
internal static class WaitingRecordFile
{
    /// <summary>Ours are 1 KiB.</summary>
    internal const int MaxBytes = 64 << 10;

    private const string Name = "waiting.json";

    public static void Write(string folder, WaitingRecord record) =>
        SmallFile.Replace(Path.Combine(folder, Name), JsonSerializer.SerializeToUtf8Bytes(record, PoolJson.Default.WaitingRecord));

    public static void Remove(string folder) => File.Delete(Path.Combine(folder, Name));

    /// <summary>Null when there is none or it cannot be used; then <paramref name="problem"/> says why, and is empty where there is none.</summary>
    public static WaitingRecord? Read(string folder, out string problem)
    {
        var path = Path.Combine(folder, Name);
        problem = "";
        try
        {
            if (FileStamp.TryRead(path) is null)
            {
                return null;
            }

            var record = JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), PoolJson.Default.WaitingRecord);
            problem = Fault(record) is { } fault ? $"{path}: {fault}" : "";
            return problem.Length == 0 ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            problem = $"{path}: {e.Message}";
            return null;
        }
    }

    /// <summary>A null passes for a required member, and what is charged is added up.</summary>
    private static string? Fault(WaitingRecord? record) => record switch
    {
        null => "it is empty",
        { FormatVersion: not WaitingRecord.CurrentVersion } => $"it has format version {record.FormatVersion}; this version reads {WaitingRecord.CurrentVersion}",
        { Pool.IsValid: false } or { Revision.IsValid: false } => "it does not say of which pool or revision it is",
        _ when record.Pool.Tenant != record.Revision.Template.Tenant => "its pool and its revision are of two tenants",
        { Process.Pid: <= 0 } => "it is of no process",
        { ChargedBytes: < 0 or > FileLimits.MaxBytes * 2 } => $"it is charged {record.ChargedBytes} bytes, which no VM is",
        _ when !Enum.IsDefined(record.Kind) => "it is of no known kind",
        _ => null,
    };
}
