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

    public void Write(VolumeRecord record)
    {
        var path = PathOf(record.View.Id);
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = FileSystem.OwnerOnlyFile,
        }))
        {
            JsonSerializer.Serialize(file, record, VolumeRecordJson.Default.VolumeRecord);
        }

        File.Move(temporary, path, overwrite: true);
    }

    public void Delete(string id) => File.Delete(PathOf(id));

    /// <summary>All that can be read; the others are told with what is wrong, and stay for a person to look at.</summary>
    public List<VolumeRecord> ReadAll(Action<string, string> broken)
    {
        var records = new List<VolumeRecord>();
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Suffix))
        {
            try
            {
                var record = new FileInfo(path).Length > MaxBytes
                    ? throw new JsonException($"It is longer than {MaxBytes} bytes.")
                    : JsonSerializer.Deserialize(File.ReadAllBytes(path), VolumeRecordJson.Default.VolumeRecord);
                if (record is { FormatVersion: VolumeRecord.CurrentVersion, View.Revision.IsValid: true } && string.Equals(PathOf(record.View.Id), path, StringComparison.Ordinal))
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
