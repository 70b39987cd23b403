using System.Text.Json;
using Templating.Core.Linux;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>The records on disk. A write is a rename, so that a killed daemon leaves the old or the new one.</summary>
internal sealed class VolumeRecords(string folder)
{
    // Ours are below 2 KiB but for the longest of paths.
    private const int MaxBytes = 64 << 10;

    private const string Suffix = ".json";

    public void MakeFolder() => FileSystem.MakeFolder(folder, FileSystem.OwnerOnlyFolder);

    public void Write(VolumeRecord record) =>
        SmallFile.Replace(PathOf(record.View.Id), JsonSerializer.SerializeToUtf8Bytes(record, VolumeRecordJson.Default.VolumeRecord));

    public void Delete(string id) => File.Delete(PathOf(id));

    /// <summary>All that can be read; the others are told with what is wrong, and stay for a person to look at.</summary>
    public List<VolumeRecord> ReadAll(Action<string, string> broken)
    {
        var records = new List<VolumeRecord>();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*" + Suffix))
        {
            try
            {
                var record = JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), VolumeRecordJson.Default.VolumeRecord);
                if (record is { FormatVersion: VolumeRecord.CurrentVersion, View: { Id: not null, TargetPath: not null } }
                    && string.Equals(PathOf(record.View.Id), path, StringComparison.Ordinal))
                {
                    records.Add(record);
                }
                else
                {
                    broken(path, "It is of another version or of another volume.");
                }
            }
            catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
            {
                broken(path, e.Message);
            }
        }

        return records;
    }

    private string PathOf(string id) => Path.Combine(folder, id + Suffix);
}
