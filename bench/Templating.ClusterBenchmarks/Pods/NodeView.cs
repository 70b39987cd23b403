using System.Globalization;
using Templating.Api.Client;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>The one node of a local cluster as its host sees it: its processes, its control groups, its files.</summary>
internal sealed class NodeView
{
    private const string Shims = "containerd-shim-";

    private readonly string _files;
    private readonly string _processes;

    /// <param name="cluster">Folder of eng/kube/up.sh.</param>
    public NodeView(string cluster)
    {
        var init = File.ReadAllText(Path.Combine(cluster, "run", "node-1.init")).Trim();
        (_files, _processes) = ($"/proc/{init}/root", LinkOf($"/proc/{init}/ns/pid"));
        Daemon = TemplatingAddress.TryParse($"unix://{_files}/run/templating/templating.sock", out var address, out var problem)
            ? address
            : throw new BenchmarkException(problem);
        Log = Path.Combine(cluster, "log", "node-1-containerd.log");
    }

    /// <summary>Of its containerd.</summary>
    public string Log { get; }

    public TemplatingAddress Daemon { get; }

    /// <summary>The process that serves a pod to containerd, of either runtime.</summary>
    public int ShimOf(string sandbox) => Running().FirstOrDefault(p => IsShim(p.Words) && p.Words.Contains(sandbox, StringComparer.Ordinal)).Pid is > 0 and var pid
        ? pid
        : throw new BenchmarkException($"Sandbox {sandbox} has no shim.");

    /// <summary>The pod's memory control group: below it are all of the pod's processes but its shim.</summary>
    public static string GroupOf(string uid) =>
        Directory.EnumerateDirectories("/sys/fs/cgroup", "pod*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .FirstOrDefault(d => d.EndsWith($"pod{uid}", StringComparison.Ordinal) && FindUsage(d) is not null)
        ?? throw new BenchmarkException($"Pod {uid} has no control group for memory.");

    /// <summary>What the kernel counts for a control group, page cache included.</summary>
    public static double UsageMiB(string group) => double.Parse(File.ReadAllText(FindUsage(group)!), CultureInfo.InvariantCulture) / (1 << 20);

    public static IReadOnlyList<int> ProcessesIn(string group) =>
    [
        .. Directory.EnumerateFiles(group, "cgroup.procs", SearchOption.AllDirectories).SelectMany(File.ReadLines).Select(l => int.Parse(l, CultureInfo.InvariantCulture)).Distinct(),
    ];

    /// <summary>Everything that comes and goes with pods, in words: what is there after them is to be what was there before.</summary>
    public string Remains()
    {
        var running = Running().ToList();
        var daemon = running.Where(p => p.Words is [_, "serve", ..]).Select(p => CgroupOf(p.Pid)).FirstOrDefault();
        return $"{running.Count(p => IsShim(p.Words))} shims, {running.Count(p => IsVm(p.Words) && !IsBlank(p, daemon))} VMs, "
            + $"{Entries("run/netns")} network namespaces, {Entries("run/templating/clones")} clones, "
            + $"{Entries("run/containerd/io.containerd.runtime.v2.task/k8s.io")} bundles, {Entries("run/templating-shim")} files of shims";
    }

    private static bool IsShim(IReadOnlyList<string> words) => words[0].Contains(Shims, StringComparison.Ordinal);

    private static bool IsVm(IReadOnlyList<string> words) => words[0].Contains("qemu-system", StringComparison.Ordinal);

    /// <summary>It waits for whatever template: one that was bound is in its pod's control group.</summary>
    private static bool IsBlank((int Pid, IReadOnlyList<string> Words) process, string? daemonsGroup) =>
        process.Words.Contains("-preconfig", StringComparer.Ordinal) && CgroupOf(process.Pid) == daemonsGroup;

    private static string? CgroupOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cgroup");
        }
        catch (IOException)
        {
            return null; // it has just ended
        }
    }

    private static string? FindUsage(string group) =>
        ((string[])["memory.current", "memory.usage_in_bytes"]).Select(f => Path.Combine(group, f)).FirstOrDefault(File.Exists);

    private static string LinkOf(string path) => new FileInfo(path).LinkTarget ?? "";

    /// <summary>Locks stay: they are of all pods.</summary>
    private int Entries(string folder) => Directory.Exists(Path.Combine(_files, folder))
        ? Directory.EnumerateFileSystemEntries(Path.Combine(_files, folder)).Count(e => !Path.GetFileName(e).StartsWith("lock-", StringComparison.Ordinal))
        : 0;

    private IEnumerable<(int Pid, IReadOnlyList<string> Words)> Running()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            IReadOnlyList<string>? words = null;
            try
            {
                // A container's processes have a namespace of their own, which is not the node's; its shim and its VM have the node's.
                words = LinkOf($"/proc/{pid}/ns/pid") == _processes ? Processes.Words(pid) : null;
            }
            catch (IOException)
            {
                // It has just ended.
            }

            if (words is not null)
            {
                yield return (pid, words);
            }
        }
    }
}
