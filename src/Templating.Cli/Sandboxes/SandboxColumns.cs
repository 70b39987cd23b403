using Templating.Cli.Clones;
using Templating.Cli.Output;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Sandboxes;

internal static class SandboxColumns
{
    public static IReadOnlyList<Column<Sandbox>> List(TimeProvider clock, bool tenants) =>
    [
        .. tenants ? [new Column<Sandbox>("TENANT", s => s.Clone_.Tenant)] : Array.Empty<Column<Sandbox>>(),
        new("ID", s => s.Clone_.Id),
        new("TEMPLATE", s => CloneColumns.TemplateOf(s.Clone_)),
        new("STATE", s => Words.Of(s.Clone_.State), Colour: s => Words.ColourOf(s.Clone_.State)),
        new("READY", s => s.Clone_.ReadyTime is null ? "no" : "yes"),
        new("OWNER", s => $"{s.Clone_.Owner?.Pid}", Right: true),
        new("DETACHED", Detached),
        new("AGE", s => Age.Of(s.Clone_.CreateTime, clock), Right: true),
        new("PID", s => s.Clone_.Pid == 0 ? "" : $"{s.Clone_.Pid}", Wide: true, Right: true),
        new("CHARGED", s => ByteSize.Format(s.Clone_.ChargedBytes), Wide: true, Right: true),
        new("FREE PORTS", s => $"{s.Room?.FreePorts}", Wide: true, Right: true),
        new("OWNER'S PORT", s => s.Connection?.OwnerPort ?? "", Wide: true),
        new("REASON", s => s.Clone_.StateReason, Wide: true),
    ];

    public static IEnumerable<(string Label, string Value)> Sheet(Sandbox sandbox, TimeProvider clock) =>
    [
        .. CloneColumns.Sheet(sandbox.Clone_, clock),
        ("Owner", $"{sandbox.Clone_.Owner?.Pid}"),
        ("Detached", Detached(sandbox)),
        ("Owner's port", sandbox.Connection?.OwnerPort ?? ""),
        .. sandbox.Room is not { } room ? Array.Empty<(string, string)>() :
        [
            ("Free ports", $"{room.FreePorts}"),
            ("Memory", $"{ByteSize.Format(room.MemoryBytes)} of at most {ByteSize.Format(room.MaxMemoryBytes)}"),
            ("CPUs", $"{room.Vcpus} of at most {room.MaxVcpus}"),
        ],
    ];

    private static string Detached(Sandbox sandbox) => sandbox.Clone_.Owner?.Detached == true ? "yes" : "no";
}
