using System.Globalization;
using k8s.Models;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Output;

internal static class TopText
{
    private const string Unknown = "-";

    /// <param name="memory">By the pod's uid.</param>
    /// <param name="cpus">By NAMESPACE/POD.</param>
    /// <param name="withNamespace">Whether each row has its namespace.</param>
    /// <param name="room">The columns of the terminal; null where nothing is to be cut.</param>
    public static string Of(
        IEnumerable<V1Pod> pods, IEnumerable<VMClone> clones, IReadOnlyDictionary<string, VmMemory?> memory,
        IReadOnlyDictionary<string, ResourceQuantity> cpus, bool withNamespace, int? room = null)
    {
        var names = clones.Where(c => c.Status?.PodUid is not null).ToLookup(c => c.Status!.PodUid!, c => c.Metadata.Name, StringComparer.Ordinal);
        var rows = pods
            .OrderByDescending(p => memory.GetValueOrDefault(p.Metadata.Uid)?.Proportional ?? -1)
            .ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .Select(p =>
            {
                var used = memory.GetValueOrDefault(p.Metadata.Uid);
                string[] cells =
                [
                    p.Metadata.Name, names[p.Metadata.Uid].FirstOrDefault() ?? Unknown, p.Spec?.NodeName ?? Unknown,
                    cpus.TryGetValue($"{p.Metadata.NamespaceProperty}/{p.Metadata.Name}", out var cpu) ? Milli(cpu) : Unknown,
                    Size(used?.Proportional), Size(used?.Private), Size(used?.RamPrivate),
                ];
                return withNamespace ? [p.Metadata.NamespaceProperty ?? "", .. cells] : cells;
            })
            .ToList();
        string[] columns = ["POD", "CLONE", "NODE", "CPU", "MEMORY", "PRIVATE", "GUEST PRIVATE"];
        return rows.Count == 0 ? "No VM runs.\n" : Sheets.Of(withNamespace ? ["NAMESPACE", .. columns] : columns, rows, room);
    }

    private static string Size(long? bytes) => bytes is { } some
        ? string.Create(CultureInfo.InvariantCulture, $"{some / (1024.0 * 1024.0):0.0}Mi")
        : Unknown;

    private static string Milli(ResourceQuantity cpu) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(cpu.ToDecimal() * 1000)}m");
}
