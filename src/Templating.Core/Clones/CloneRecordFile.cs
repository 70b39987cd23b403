using System.Text.Json;

namespace Templating.Core.Clones;

/// <summary>Reads and writes <c>clone.json</c>. A write is a rename, so that a killed daemon leaves the old or the new one.</summary>
internal static class CloneRecordFile
{
    // Ours are about 3 KiB; labels may add 64 entries. Anything larger is not ours.
    private const int MaxBytes = 1 << 20;

    private const string Name = "clone.json";

    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, Name));

    public static void Write(string folder, CloneRecord record)
    {
        var path = Path.Combine(folder, Name);
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            JsonSerializer.Serialize(file, record, CloneRecordJson.Default.CloneRecord);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Null when there is none or it cannot be read; <paramref name="problem"/> says why.</summary>
    public static CloneRecord? Read(string folder, out string problem)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            var info = new FileInfo(path);
            if (info.LinkTarget is not null || info.Length > MaxBytes)
            {
                problem = $"{path} is a link or longer than {MaxBytes} bytes";
                return null;
            }

            var record = JsonSerializer.Deserialize(File.ReadAllBytes(path), CloneRecordJson.Default.CloneRecord);
            // The reader leaves null what is missing; the writer does not take it.
            _ = record is null ? null : JsonSerializer.SerializeToUtf8Bytes(record, CloneRecordJson.Default.CloneRecord);
            problem = record is null ? $"{path} is empty"
                : record.FormatVersion != CloneRecord.CurrentVersion
                    ? $"{path} has format version {record.FormatVersion}; this version reads {CloneRecord.CurrentVersion}"
                : !record.View.Name.IsValid || !record.View.Template.IsValid ? $"{path} has a name that is none" : "";
            return problem.Length == 0 ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            problem = $"{path}: {e.Message}";
            return null;
        }
    }
}
