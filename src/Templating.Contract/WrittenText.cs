using System.Text;

namespace Templating.Contract;

/// <summary>
/// Text that people wrote in their editors, from the bytes of a file: UTF-8, with or without the byte-order mark that some of them
/// put before it. Another encoding is told by its name, since its bytes read as UTF-8 look like nonsense that nobody wrote.
/// </summary>
public static class WrittenText
{
    /// <returns>False where it is no such text; then <paramref name="problem"/> says what it is: "is UTF-16; save it as UTF-8."</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out string text, out string problem)
    {
        var mark = Encoding.UTF8.Preamble;
        var content = bytes.StartsWith(mark) ? bytes[mark.Length..] : bytes;
        problem = FindProblem(content) ?? "";
        text = problem.Length == 0 ? Encoding.UTF8.GetString(content) : "";
        return problem.Length == 0;
    }

    /// <summary>For what is read as one of several things and has one way to say that it is none.</summary>
    /// <exception cref="FormatException">It is no such text.</exception>
    public static string Read(ReadOnlySpan<byte> bytes) => TryRead(bytes, out var text, out var problem) ? text : throw new FormatException($"The file {problem}");

    /// <summary>No more than so many bytes are read of a file, or a pipe, that names more.</summary>
    /// <exception cref="FormatException">It is larger, or no such text.</exception>
    public static string ReadFile(string path, int most)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        var bytes = new byte[most + 1];
        var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count <= most ? Read(bytes.AsSpan(0, count)) : throw new FormatException($"The file has more than {most} bytes, which is the most that is read.");
    }

    private static string? FindProblem(ReadOnlySpan<byte> bytes)
    {
        if (Encoded(bytes) is { } encoding)
        {
            return $"is {encoding}; save it as UTF-8.";
        }

        var (line, start) = (1, 0);
        for (var at = 0; at < bytes.Length;)
        {
            if (bytes[at] == 0)
            {
                return $"has a NUL at line {line}, byte {at - start + 1}: that is no text; name the file that was meant.";
            }

            if (bytes[at] == (byte)'\n')
            {
                (line, start) = (line + 1, at + 1);
            }

            if (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                return $"is not UTF-8: line {line}, byte {at - start + 1} is 0x{bytes[at]:x2}; save it as UTF-8.";
            }

            at += length;
        }

        return null;
    }

    /// <summary>By its byte-order mark, or by the NULs that the letters of ASCII get there. UTF-32's begins as UTF-16's does.</summary>
    private static string? Encoded(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xff, 0xfe, 0, 0, ..] or [0, 0, 0xfe, 0xff, ..] => "UTF-32",
        [0xff, 0xfe, ..] or [0xfe, 0xff, ..] => "UTF-16",
        [0, 0, 0, not 0, ..] or [not 0, 0, 0, 0, ..] => "UTF-32",
        [0, not 0, 0, not 0, ..] or [not 0, 0, not 0, 0, ..] => "UTF-16",
        [not 0, 0] or [0, not 0] => "UTF-16",
        _ => null,
    };
}
