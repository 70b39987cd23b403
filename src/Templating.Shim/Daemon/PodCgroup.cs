using Templating.Contract;
using Templating.Core.Linux;
using Templating.Shim.Errors;

namespace Templating.Shim.Daemon;

/// <summary>
/// The control groups of a pod's sandbox, which its QEMU is put into: below the pod's own, where the kubelet has set what the pod may use.
/// They have no limits of their own.
/// </summary>
internal static class PodCgroup
{
    private const string Root = "/sys/fs/cgroup";
    private const string Controllers = "cgroup.controllers";
    private const int MaxLength = 512;

    /// <param name="cgroupsPath">
    /// linux.cgroupsPath of the sandbox's config.json: /kubepods/podUID/ID, or kubepods-podUID.slice:cri-containerd:ID. Empty means none.
    /// </param>
    /// <returns>Their folders below /sys/fs/cgroup, for <see cref="PodVmRequest.Cgroups"/>.</returns>
    /// <exception cref="ShimException">It is none, or cannot be made.</exception>
    public static IReadOnlyList<string> Create(string cgroupsPath) => Create(cgroupsPath, Root);

    internal static IReadOnlyList<string> Create(string cgroupsPath, string root)
    {
        if (cgroupsPath.Length == 0)
        {
            return [];
        }

        var parts = Parts(cgroupsPath);
        var made = new List<string>();
        foreach (var hierarchy in Hierarchies(root))
        {
            try
            {
                made.Add(Make(hierarchy, parts, isUnified: hierarchy == root));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Remove(made);
                throw ShimException.NotNow($"The pod's control group (cgroupsPath {Quote.Text(cgroupsPath)}) cannot be made in {hierarchy}: {e.Message}");
            }
        }

        return made.Count <= CgroupRules.MaxCount
            ? made
            : throw ShimException.NotNow($"This node has {made.Count} hierarchies of control groups below {root}; at most {CgroupRules.MaxCount} can be used.");
    }

    /// <summary>Removes those that nothing is in any more.</summary>
    public static void Remove(IReadOnlyList<string> folders)
    {
        foreach (var folder in folders)
        {
            try
            {
                _ = FileSystem.TryRemoveEmptyFolder(folder);
            }
            catch (IOException)
            {
                // Something is in it: the kubelet, which has made the pod's group above it, ends that and removes both.
                continue;
            }
        }
    }

    /// <exception cref="ShimException">InvalidArgument.</exception>
    internal static IReadOnlyList<string> Parts(string cgroupsPath)
    {
        var path = cgroupsPath.Split(':') is [var slice, var prefix, var name] ? $"{Slices(slice)}/{prefix}-{name}.scope" : cgroupsPath;
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 && path.Length <= MaxLength && !path.Any(char.IsControl) && !parts.Any(p => p is "." or "..") && !path.Contains(':', StringComparison.Ordinal)
            ? parts
            : throw ShimException.Invalid(
                $"linux.cgroupsPath is {Quote.Text(cgroupsPath)}; a path without '.' and '..' or SLICE:PREFIX:NAME of at most {MaxLength} characters is expected.");
    }

    /// <summary>
    /// a-b.slice lies in a.slice (systemd.slice(5)). The scope in it is made without systemd, which leaves alone what it does not know as
    /// long as something is in it.
    /// </summary>
    private static string Slices(string slice)
    {
        const string End = ".slice";
        if (!slice.EndsWith(End, StringComparison.Ordinal) || slice is "-.slice")
        {
            return slice is "-.slice" ? "" : slice;
        }

        var names = slice[..^End.Length].Split('-');
        return string.Join('/', names.Select((_, i) => string.Join('-', names.Take(i + 1)) + End));
    }

    /// <summary>One of version 2, or each of version 1: links such as "cpu" lead to others of them.</summary>
    private static IEnumerable<string> Hierarchies(string root) => File.Exists(Path.Combine(root, Controllers))
        ? [root]
        : new DirectoryInfo(root).EnumerateDirectories()
            .Where(d => d.LinkTarget is null && File.Exists(Path.Combine(d.FullName, "cgroup.procs")) && !File.Exists(Path.Combine(d.FullName, Controllers)))
            .Select(d => d.FullName).Order(StringComparer.Ordinal);

    private static string Make(string hierarchy, IReadOnlyList<string> parts, bool isUnified)
    {
        var folder = hierarchy;
        foreach (var part in parts)
        {
            if (isUnified)
            {
                PassOn(folder);
            }

            var above = folder;
            folder = Path.Combine(folder, part);
            FileSystem.MakeMissingFolder(folder);
            Inherit(above, folder, "cpuset.cpus");
            Inherit(above, folder, "cpuset.mems");
        }

        return folder;
    }

    /// <summary>What the groups below are counted by (version 2). The pod's limits are above and hold without.</summary>
    private static void PassOn(string folder)
    {
        foreach (var controller in File.ReadAllLines(Path.Combine(folder, Controllers)).SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            TryWrite(Path.Combine(folder, "cgroup.subtree_control"), "+" + controller);
        }
    }

    /// <summary>A new cpuset of version 1 has no CPUs, and takes no process until it has.</summary>
    private static void Inherit(string above, string folder, string file)
    {
        var (from, to) = (Path.Combine(above, file), Path.Combine(folder, file));
        if (File.Exists(from) && File.Exists(to) && string.IsNullOrWhiteSpace(ReadLine(to)) && ReadLine(from) is { Length: > 0 } all)
        {
            TryWrite(to, all);
        }
    }

    private static string ReadLine(string path) => File.ReadLines(path).FirstOrDefault()?.Trim() ?? "";

    private static void TryWrite(string path, string text)
    {
        try
        {
            using var file = FileSystem.Open(path, LibC.OpenWriteOnly);
            RandomAccess.Write(file, System.Text.Encoding.ASCII.GetBytes(text), 0);
        }
        catch (IOException)
        {
            // Not one that can be had here; where it is one that matters, QEMU cannot be put into the group, and the daemon says so.
            return;
        }
    }
}
