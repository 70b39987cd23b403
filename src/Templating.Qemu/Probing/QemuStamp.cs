namespace Templating.Qemu.Probing;

/// <summary>What changes of a binary when a package manager puts another file in its place.</summary>
internal readonly record struct QemuStamp(DateTime Written, long Size)
{
    public static QemuStamp Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new QemuStamp(file.LastWriteTimeUtc, file.Length) : default;
    }
}
