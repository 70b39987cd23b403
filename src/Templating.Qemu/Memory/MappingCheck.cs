using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Memory;

/// <summary>A file that QEMU maps for the guest.</summary>
/// <param name="Path">Without symbolic links.</param>
/// <param name="Role">What it is to the guest.</param>
/// <param name="Identity">
/// The file itself, as the kernel names it in a mapping, where the path there says nothing: of one that was mounted for the moment in
/// which it was opened. Null where the path does.
/// </param>
internal sealed record GuestFile(string Path, MemoryRole Role, FileIdentity? Identity = null)
{
    public bool Is(Mapping mapping) => Identity is { } identity
        ? mapping.File == identity
        : string.Equals(Path, mapping.Path, StringComparison.Ordinal);
}

/// <summary>
/// Compares the promises of the memory roles with the running process. The command line says what was asked for;
/// only the kernel says what is.
/// </summary>
internal static class MappingCheck
{
    /// <summary>Blocks, for 0.2 ms: /proc has no asynchronous reads.</summary>
    /// <exception cref="TemplatingException">IsolationViolated.</exception>
    public static void Verify(int pid, IReadOnlyList<GuestFile> files) => Verify(File.ReadLines($"/proc/{pid}/maps"), files);

    /// <exception cref="TemplatingException">IsolationViolated.</exception>
    public static void Verify(IEnumerable<string> maps, IReadOnlyList<GuestFile> files)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in maps)
        {
            if (Mapping.Parse(line) is not { Path.Length: > 0 } mapping
                || files.FirstOrDefault(file => (file with { Path = Escape(file.Path) }).Is(mapping)) is not { } file)
            {
                continue;
            }

            seen.Add(file.Path);
            var (writable, shared) = MemoryBackends.MappingFor(file.Role);
            if (mapping.Writable != writable || (writable && mapping.Shared != shared))
            {
                throw new TemplatingException(ErrorCode.IsolationViolated,
                    $"QEMU maps '{file.Path}' as {mapping.Permissions}, but its role {file.Role} demands "
                    + $"{(writable ? "a writable" : "a read-only")}{(shared ? "" : ", private")} mapping. "
                    + "The VM was ended before its guest ran.");
            }
        }

        foreach (var file in files)
        {
            if (!seen.Contains(file.Path))
            {
                throw new TemplatingException(ErrorCode.IsolationViolated,
                    $"QEMU does not map '{file.Path}' ({file.Role}), so nothing can be said about its isolation. "
                    + "The VM was ended before its guest ran.");
            }
        }
    }

    /// <summary>The kernel prints a newline in a path as octal (seq_file's mangle); nothing else.</summary>
    private static string Escape(string path) => path.Replace("\n", "\\012", StringComparison.Ordinal);
}
