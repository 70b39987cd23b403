using Templating.Cli.Exits;
using Templating.Contract;

namespace Templating.Cli.Base;

/// <summary>A file that a flag names; - for standard input.</summary>
internal static class InputFile
{
    public static string NameOf(string path) => path is "-" ? "(standard input)" : path;

    /// <summary>Text that somebody wrote.</summary>
    /// <exception cref="CliException">Usage: it cannot be read, is larger, or no text in UTF-8.</exception>
    public static async Task<string> ReadTextAsync(CliHost host, string path, int most, CancellationToken cancellationToken) =>
        WrittenText.TryRead(await ReadAsync(host, path, most, cancellationToken), out var text, out var problem)
            ? text
            : throw new CliException(ExitCode.Usage, $"{NameOf(path)} {problem}");

    /// <exception cref="CliException">Usage: it cannot be read, or is larger, and was not read whole.</exception>
    public static async Task<byte[]> ReadAsync(CliHost host, string path, int most, CancellationToken cancellationToken)
    {
        await using var stream = path is "-" ? host.StandardInput() : Open(path);
        var buffer = new byte[most + 1];
        var count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return count <= most
            ? buffer[..count]
            : throw new CliException(ExitCode.Usage, $"{NameOf(path)} is larger than {ByteSize.Format(most)}, which is the most allowed.");
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var why = Directory.Exists(path) ? "is a folder; a file is needed."
                : e is FileNotFoundException or DirectoryNotFoundException ? "is not there."
                : $"cannot be read: {e.Message}";
            throw new CliException(ExitCode.Usage, $"File '{path}' {why}", e);
        }
    }
}
