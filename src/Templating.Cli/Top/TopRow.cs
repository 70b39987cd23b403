using Templating.Api.Wire;
using Templating.V1;

namespace Templating.Cli.Top;

/// <summary>A clone in one look at all of them.</summary>
/// <param name="Vm">With memory and CPU time, where it has a process.</param>
/// <param name="Cpu">In per cent of one CPU since the look before; null where it was not there then.</param>
internal sealed record TopRow(VmClone Vm, double? Cpu)
{
    public MemoryUsage Memory { get; } = Vm.Memory ?? new MemoryUsage();

    /// <summary>By name: a clone of that name may be another one by now, which has run less.</summary>
    public static IReadOnlyList<TopRow> Of(IReadOnlyList<VmClone> now, IReadOnlyDictionary<string, VmClone> before, TimeSpan between) =>
    [
        .. now.Select(clone => new TopRow(
            clone,
            before.TryGetValue(clone.Name, out var earlier)
            && clone.CpuTime.ToTimeSpanOrNull() - earlier.CpuTime.ToTimeSpanOrNull() is { Ticks: >= 0 } ran && between > TimeSpan.Zero
                ? 100 * (ran / between)
                : null)),
    ];

    public static IEnumerable<TopRow> Sort(IEnumerable<TopRow> rows, TopOrder order) => (order switch
    {
        TopOrder.Cpu => rows.OrderByDescending(row => row.Cpu ?? -1),
        TopOrder.Ram => rows.OrderByDescending(row => row.Memory.RamPrivate),
        TopOrder.Age => rows.OrderByDescending(row => row.Vm.CreateTime.ToTimeOrNull()),
        TopOrder.Name => rows.OrderBy(row => row.Vm.Name, StringComparer.Ordinal),
        _ => rows.OrderByDescending(row => row.Memory.Private),
    }).ThenBy(row => row.Vm.Name, StringComparer.Ordinal);
}

/// <summary>What the first rows have most of.</summary>
internal enum TopOrder
{
    Memory,
    Cpu,
    Ram,
    Age,
    Name,
}
