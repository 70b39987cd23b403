using System.Text.Json;
using Templating.Contract;
using Templating.Core.Linux;

namespace Templating.Core.Images;

/// <summary>Reads and writes <c>DIGEST.json</c>.</summary>
internal static class ImageRecordFile
{
    public const string Ending = ".json";

    /// <summary>Ours are 2 KiB and 64 bytes for each tenant.</summary>
    internal const int MaxBytes = 1 << 20;

    public static void Write(string path, ImageRecord record) =>
        SmallFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(record, ImageRecordJson.Default.ImageRecord));

    /// <summary>Null when it cannot be used; then <paramref name="problem"/> says why.</summary>
    public static ImageRecord? Read(string path, out string problem)
    {
        try
        {
            var record = JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), ImageRecordJson.Default.ImageRecord);
            problem = Fault(record, Path.GetFileNameWithoutExtension(path)) ?? "";
            return problem.Length == 0 ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>A null passes for a required member, and so do wrong values.</summary>
    private static string? Fault(ImageRecord? record, string digest) => record switch
    {
        null => "it is empty",
        { FormatVersion: not ImageRecord.CurrentVersion } => $"it has format version {record.FormatVersion}; this version reads {ImageRecord.CurrentVersion}",
        { Keys: null } or { Tenants: null } or { Digest: null } => "it lacks a value",
        _ when !Labels.IsSha256(digest) || !string.Equals(record.Digest, digest, StringComparison.Ordinal) => "it is of another image",
        { Bytes: <= 0 } or { Inodes: < 0 } => "it has a number below zero",
        _ when record.Tenants.Any(t => !Labels.IsLabel(t)) || record.Keys.Any(k => !Labels.IsSha256(k)) => "it has a name that is none",
        _ => null,
    };
}
