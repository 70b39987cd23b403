using System.Text.RegularExpressions;
using Templating.Core.Errors;

namespace Templating.Qemu.Probing;

/// <summary>QEMU's version, from <c>--version</c>, which even the oldest has.</summary>
internal static partial class QemuVersion
{
    /// <summary>The first with memory-backend-file's <c>rom</c> (commit e92666b0ba4c).</summary>
    public static Version Needed { get; } = new(8, 2);

    /// <returns>The number, and the number with its packaging: <c>10.0.2 (Debian 1:10.0.2+ds-2)</c>.</returns>
    /// <exception cref="TemplatingException">QemuMissing: that is not QEMU; QemuTooOld.</exception>
    public static (Version Number, string Text) Parse(string path, string output)
    {
        var match = FirstLine().Match(output);
        if (!match.Success || !Version.TryParse(match.Groups["number"].Value, out var number))
        {
            throw new TemplatingException(ErrorCode.QemuMissing,
                $"'{path} --version' does not answer like QEMU but '{Console.ConsoleText.Clean(System.Text.Encoding.UTF8.GetBytes(output), 200)}'. "
                + "Set the path of qemu-system-x86_64.");
        }

        if (number < Needed)
        {
            throw new TemplatingException(ErrorCode.QemuTooOld,
                $"'{path}' is QEMU {number}, but {Needed} or newer is needed: templates and images need "
                + "memory-backend-file's 'rom' property. On Debian 12 install qemu-system-x86 from bookworm-backports "
                + "(10.0); Debian 13 has 10.0 itself.");
        }

        var package = match.Groups["package"].Value;
        return (number, package.Length == 0 ? number.ToString() : $"{number} ({package})");
    }

    [GeneratedRegex(@"^QEMU emulator version (?<number>\d{1,4}\.\d{1,4}(\.\d{1,4})?)(?: \((?<package>[^)\r\n]{1,200})\))?",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FirstLine();
}
