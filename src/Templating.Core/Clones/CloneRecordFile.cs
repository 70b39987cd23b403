using System.Text.Json;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>Reads and writes <c>clone.json</c>. A write is a rename, so that a killed daemon leaves the old or the new one.</summary>
internal static class CloneRecordFile
{
    // Ours are about 3 KiB; labels may add 64 entries. Anything larger is not ours.
    internal const int MaxBytes = 1 << 20;

    private const string Name = "clone.json";

    public static void Write(string folder, CloneRecord record) =>
        SmallFile.Replace(Path.Combine(folder, Name), JsonSerializer.SerializeToUtf8Bytes(record, CloneRecordJson.Default.CloneRecord));

    /// <summary>Null when there is none or it cannot be read; then <paramref name="problem"/> says why, and is empty where there is none.</summary>
    public static CloneRecord? Read(string folder, out string problem)
    {
        var path = Path.Combine(folder, Name);
        problem = "";
        try
        {
            if (FileStamp.TryRead(path) is null)
            {
                return null;
            }

            var record = JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), CloneRecordJson.Default.CloneRecord);
            // The reader leaves null what is missing; the writer does not take it.
            _ = record is null ? null : JsonSerializer.SerializeToUtf8Bytes(record, CloneRecordJson.Default.CloneRecord);
            problem = Fault(record) is { } fault ? $"{path}: {fault}" : "";
            return problem.Length == 0 ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            problem = $"{path}: {e.Message}";
            return null;
        }
    }

    /// <summary>A null passes for a required member (System.Text.Json), and what is charged is added up.</summary>
    private static string? Fault(CloneRecord? record) => record switch
    {
        null => "it is empty",
        { FormatVersion: not CloneRecord.CurrentVersion } => $"it has format version {record.FormatVersion}; this version reads {CloneRecord.CurrentVersion}",
        { View: null } or { View: { Network: null } or { Name: { Tenant: null } or { Id: null } } } => "it does not say of which clone it is",
        { View.Owner.Process.Pid: <= 0 } => "its owner is no process",
        { View.ChargedBytes: < 0 or > FileLimits.MaxBytes * 2 } => $"it is charged {record.View.ChargedBytes} bytes, which no clone is",
        _ => null,
    };
}
