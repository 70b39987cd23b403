using System.Text;

namespace Templating.Contract;

/// <summary>Files that are written into a guest before it is ready.</summary>
public static class GuestFileRules
{
    public const int MaxCount = 64;

    /// <summary>Of all files together.</summary>
    public const int MaxBytes = 512 << 10;

    public const int MaxPathBytes = 255;

    /// <summary>Absolute and in its shortest form: no part is empty, '.' or '..', and no '/' ends it.</summary>
    public const string PathPattern = @"^(/([^/.\x00]|\.[^/.\x00]|\.\.[^/\x00])[^/\x00]*)+$";

    /// <summary>0600: what is given to one clone may be a secret.</summary>
    public const int DefaultMode = 0x180;

    /// <summary>0777.</summary>
    public const int MaxMode = 0x1ff;

    public static IEnumerable<FieldViolation> Check(string field, IReadOnlyList<(string Path, long Bytes, int Mode)> files)
    {
        if (files.Count > MaxCount)
        {
            yield return new FieldViolation(field, $"It has {files.Count} entries; at most {MaxCount} are allowed.");
        }

        var bytes = files.Sum(f => f.Bytes);
        if (bytes > MaxBytes)
        {
            yield return new FieldViolation(field, $"They have {bytes} bytes; at most {MaxBytes} are allowed in all.");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, file) in files.Index())
        {
            if (PathProblem(file.Path) is { } problem)
            {
                yield return new FieldViolation($"{field}[{index}].path", $"{Quote.Text(file.Path)} {problem}");
            }
            else if (!seen.Add(file.Path))
            {
                yield return new FieldViolation($"{field}[{index}].path", $"{Quote.Text(file.Path)} is given by an entry before it.");
            }

            if (file.Mode is < 0 or > MaxMode)
            {
                yield return new FieldViolation($"{field}[{index}].mode", $"{file.Mode} is not between 0 and {MaxMode} (octal 0777).");
            }
        }
    }

    private static string? PathProblem(string path)
    {
        if (path.Length < 2 || path[0] != '/')
        {
            return "is not an absolute path of a file, such as /etc/app.conf.";
        }

        if (path.Contains('\0', StringComparison.Ordinal) || path.Split('/').Skip(1).Any(part => part is "" or "." or ".."))
        {
            return "is not normalised: leave out '.', '..', '//', a '/' at the end, and NUL bytes.";
        }

        return Encoding.UTF8.GetByteCount(path) > MaxPathBytes ? $"is longer than {MaxPathBytes} bytes." : null;
    }
}
