using System.Globalization;
using System.Text.Json.Nodes;
using Templating.Cli.Clones;
using Templating.Cli.Output;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Top;

/// <summary>One look at a node's clones, as it is shown.</summary>
internal static class TopText
{
    public static IReadOnlyList<Column<TopRow>> Columns(TimeProvider clock, bool tenants) =>
    [
        .. tenants ? [new Column<TopRow>("TENANT", r => r.Vm.Tenant)] : Array.Empty<Column<TopRow>>(),
        new("ID", r => r.Vm.Id),
        new("TEMPLATE", r => CloneColumns.TemplateOf(r.Vm)),
        new("STATE", r => Words.Of(r.Vm.State), Colour: r => Words.ColourOf(r.Vm.State)),
        new("CPU", r => r.Cpu is { } cpu ? cpu.ToString("0.0", CultureInfo.InvariantCulture) + "%" : "", Right: true),
        new("PRIVATE", r => Size(r, r.Memory.Private), Right: true),
        new("RAM", r => Size(r, r.Memory.RamPrivate), Right: true),
        new("CODE", r => Size(r, r.Memory.TranslatedCode), Right: true),
        new("QEMU", r => Size(r, r.Memory.QemuPrivate), Right: true),
        new("SHARED", r => Size(r, r.Memory.FilesResident), Right: true),
        new("PSS", r => Size(r, r.Memory.Proportional), Right: true),
        new("AGE", r => Age.Of(r.Vm.CreateTime, clock), Right: true),
    ];

    /// <summary>The node in three lines that a terminal of 80 columns has room for: what is charged, what all the clones together take, and what they share.</summary>
    public static string Head(Node node, IReadOnlyList<TopRow> rows)
    {
        var live = rows.Where(r => r.Vm.Memory is not null).ToList();
        var cpu = rows.Sum(r => r.Cpu ?? 0);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"node: {node.Clones} of {node.MaxClones} VMs{(node.WaitingVms > 0 ? $" ({node.WaitingVms} wait)" : "")}, {ByteSize.Format(node.MemoryChargedBytes)} of {ByteSize.Format(node.MemoryBudgetBytes)} charged\n"
            + $"shown: {rows.Count}, CPU {cpu:0.0}%, memory {ByteSize.Format(live.Sum(r => r.Memory.Proportional))}, of it private {ByteSize.Format(live.Sum(r => r.Memory.Private))}\n")
            + $"{Sharing.Of(live.Select(r => r.Memory)).Text}\n";
    }

    public static JsonObject Tree(Node node, IReadOnlyList<TopRow> rows) => new()
    {
        ["node"] = ProtoJson.Tree(node),
        ["clones"] = new JsonArray([.. rows.Select(row => (JsonNode)Tree(row))]),
    };

    private static JsonObject Tree(TopRow row)
    {
        var tree = ProtoJson.Tree(row.Vm);
        if (row.Cpu is { } cpu)
        {
            tree["cpuPercent"] = Math.Round(cpu, 1);
        }

        return tree;
    }

    private static string Size(TopRow row, long bytes) => row.Vm.Memory is null ? "" : ByteSize.Format(bytes);
}
