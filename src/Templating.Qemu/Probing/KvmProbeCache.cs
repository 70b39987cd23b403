using Templating.Qemu.Process;

namespace Templating.Qemu.Probing;

/// <summary>
/// The KVM probe's result for this boot of the host and this QEMU: three lines, boot id, QEMU's path and version, and
/// the problem ("-" for none). Anything else in the file is as good as no file.
/// </summary>
internal sealed class KvmProbeCache(string? file, string qemuPath, string qemuVersion)
{
    private const int MaxBytes = 16 * 1024;

    private string Key => $"{ProcessIds.BootId:D}\n{qemuPath} {qemuVersion}\n";

    public async Task<(string? Problem, bool Known)?> ReadAsync(CancellationToken cancellationToken)
    {
        if (file is null || !File.Exists(file) || new FileInfo(file).Length > MaxBytes)
        {
            return null;
        }

        var text = await File.ReadAllTextAsync(file, cancellationToken);
        if (!text.StartsWith(Key, StringComparison.Ordinal))
        {
            return null;
        }

        var problem = text[Key.Length..].Trim();
        return (problem is "-" ? null : problem, true);
    }

    public async Task WriteAsync(string? problem, CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            var part = file + ".part";
            await File.WriteAllTextAsync(part, Key + (problem?.ReplaceLineEndings(" ") ?? "-") + "\n", cancellationToken);
            File.Move(part, file, overwrite: true);
        }
    }
}
