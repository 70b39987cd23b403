using System.Text;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Names;

namespace Templating.Core.Machines;

/// <summary>
/// What may be given to a guest with its identity: one place for all who take it (the node's API, a VM pod's flags and its
/// socket). The limits keep an identity within a message of 1 MiB, and a hostile caller from filling a guest's /run.
/// </summary>
public static class GuestInputs
{
    public const int MaxEnvironmentEntries = 256;
    public const int MaxEnvironmentBytes = 64 << 10;
    public const int MaxUserDataBytes = 64 << 10;
    public const int MaxFiles = 64;
    public const int MaxFilesBytes = 512 << 10;
    public const int MaxPathBytes = 255;

    /// <summary>0777.</summary>
    public const int MaxMode = 0x1ff;

    // Linux has room for 64 characters (HOST_NAME_MAX, limits.h).
    private const int MaxHostname = 64;

    /// <summary>Names as POSIX has them, so that a shell in the guest can read every one.</summary>
    public static IEnumerable<FieldViolation> CheckEnvironment(string field, IReadOnlyCollection<KeyValuePair<string, string>> variables)
    {
        if (variables.Count > MaxEnvironmentEntries)
        {
            yield return new FieldViolation(field, $"It has {variables.Count} entries; at most {MaxEnvironmentEntries} are allowed.");
        }

        var bytes = variables.Sum(v => Encoding.UTF8.GetByteCount(v.Key) + Encoding.UTF8.GetByteCount(v.Value) + 2L);
        if (bytes > MaxEnvironmentBytes)
        {
            yield return new FieldViolation(field, $"It has {bytes} bytes with separators; at most {MaxEnvironmentBytes} are allowed.");
        }

        foreach (var (name, value) in variables)
        {
            if (!IsVariable(name))
            {
                yield return new FieldViolation(field, $"{Quote.Text(name)} is not a variable's name: use A-Z, a-z, 0-9 and '_', no digit first.");
            }

            if (value.Contains('\0'))
            {
                yield return new FieldViolation($"{field}[{Quote.Text(name)}]", "It has a NUL byte.");
            }
        }
    }

    public static IEnumerable<FieldViolation> CheckUserData(string field, int bytes)
    {
        if (bytes > MaxUserDataBytes)
        {
            yield return new FieldViolation(field, $"It has {bytes} bytes; at most {MaxUserDataBytes} are allowed.");
        }
    }

    /// <param name="hostname">Empty for none.</param>
    public static IEnumerable<FieldViolation> CheckHostname(string field, string hostname)
    {
        if (hostname.Length > 0 && !(hostname.Length <= MaxHostname && hostname.Split('.').All(Labels.IsLabel)))
        {
            yield return new FieldViolation(field, $"{Quote.Text(hostname)} is not a host name: use RFC 1123 labels with '.' between, at most {MaxHostname} characters in all.");
        }
    }

    public static IEnumerable<FieldViolation> CheckFiles(string field, IReadOnlyList<InjectedFile> files)
    {
        if (files.Count > MaxFiles)
        {
            yield return new FieldViolation(field, $"It has {files.Count} entries; at most {MaxFiles} are allowed.");
        }

        var bytes = files.Sum(f => (long)f.Content.Length);
        if (bytes > MaxFilesBytes)
        {
            yield return new FieldViolation(field, $"They have {bytes} bytes; at most {MaxFilesBytes} are allowed in all.");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, file) in files.Index())
        {
            if (CheckPath(file.Path) is { } problem)
            {
                yield return new FieldViolation($"{field}[{index}].path", $"{Quote.Text(file.Path)} {problem}");
            }
            else if (!seen.Add(file.Path))
            {
                yield return new FieldViolation($"{field}[{index}].path", $"{Quote.Text(file.Path)} is given by an entry before it.");
            }

            if (file.Mode is < 0 or > MaxMode)
            {
                yield return new FieldViolation($"{field}[{index}].mode", $"{file.Mode} is not between 0, which means 0600, and {MaxMode} (octal 0777).");
            }
        }
    }

    private static string? CheckPath(string path)
    {
        if (path.Length < 2 || path[0] != '/')
        {
            return "is not an absolute path of a file, such as /etc/app.conf.";
        }

        if (path.Contains('\0') || path.EndsWith('/') || path.Split('/').Skip(1).Any(part => part is "" or "." or ".."))
        {
            return "is not normalised: leave out '.', '..', '//', a '/' at the end, and NUL bytes.";
        }

        return Encoding.UTF8.GetByteCount(path) > MaxPathBytes ? $"is longer than {MaxPathBytes} bytes." : null;
    }

    private static bool IsVariable(string name) =>
        name.Length is > 0 and <= 256 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
