using System.Globalization;
using System.Text;
using Templating.Core.Linux;

namespace Templating.Qemu.Probing;

/// <summary>
/// A probe's result for this boot of the host and this QEMU: three lines, boot id, QEMU's path, version and file, and the
/// problem ("-" for none). Anything else in the file is as good as no file.
/// </summary>
internal sealed class ProbeCache(string? file, string qemuPath, string qemuVersion)
{
    private const int MaxBytes = 16 * 1024;

    private string Key { get; } = KeyOf(qemuPath, qemuVersion, QemuStamp.Of(qemuPath));

    private static string KeyOf(string path, string version, QemuStamp stamp) =>
        string.Create(CultureInfo.InvariantCulture, $"{HostBoot.Id:D}\n{path} {version} {stamp.Size} {stamp.Written:O}\n");

    public (string? Problem, bool Known)? Read()
    {
        string text;
        try
        {
            if (file is null || !File.Exists(file))
            {
                return null;
            }

            text = Encoding.UTF8.GetString(SmallFile.Read(file, MaxBytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (!text.StartsWith(Key, StringComparison.Ordinal))
        {
            return null;
        }

        var problem = text[Key.Length..].Trim();
        return (problem is "-" ? null : problem, true);
    }

    public void Write(string? problem)
    {
        if (file is not null)
        {
            try
            {
                SmallFile.Replace(file, Encoding.UTF8.GetBytes(Key + (problem?.ReplaceLineEndings(" ") ?? "-") + "\n"));
            }
            catch (IOException)
            {
                // On a full or read-only run folder it is found out anew: it is no reason not to tell what was found.
            }
        }
    }
}
