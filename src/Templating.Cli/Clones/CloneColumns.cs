using Templating.Api.Wire;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneColumns
{
    public static IReadOnlyList<Column<VmClone>> List(TimeProvider clock, bool tenants) =>
    [
        .. tenants ? [new Column<VmClone>("TENANT", c => c.Tenant)] : Array.Empty<Column<VmClone>>(),
        new("ID", c => c.Id),
        new("TEMPLATE", TemplateOf),
        new("STATE", c => Words.Of(c.State), Colour: c => Words.ColourOf(c.State)),
        new("READY", c => c.ReadyTime is null ? "no" : "yes"),
        new("HOSTNAME", c => c.Identity?.Hostname ?? ""),
        new("PORTS", c => Words.Of(c.Network)),
        new("AGE", c => Age.Of(c.CreateTime, clock), Right: true),
        new("EXPIRES", c => Expires(c, clock), Wide: true, Right: true),
        new("REVISION", c => Words.ShortRevision(ObjectNames.Last(c.Template)), Wide: true),
        new("PID", c => c.Pid == 0 ? "" : $"{c.Pid}", Wide: true, Right: true),
        new("CHARGED", c => ByteSize.Format(c.ChargedBytes), Wide: true, Right: true),
        new("LABELS", c => Words.Pairs(c.Labels), Wide: true),
        new("REASON", c => c.StateReason, Wide: true),
    ];

    /// <summary>When it ends by itself.</summary>
    public static IReadOnlyList<Column<VmClone>> Extended(TimeProvider clock) =>
    [
        new("ID", c => c.Id),
        new("STATE", c => Words.Of(c.State), Colour: c => Words.ColourOf(c.State)),
        new("EXPIRES", c => Expires(c, clock), Right: true),
        new("IDLE LIMIT", IdleLimit, Right: true),
    ];

    public static IEnumerable<(string Label, string Value)> Sheet(VmClone clone, TimeProvider clock) =>
    [
        ("Name", clone.Name),
        ("Template", clone.Template),
        ("State", Words.Of(clone.State)),
        ("Reason", clone.StateReason),
        ("Ready", clone.ReadyTime is null ? "no" : "yes"),
        ("Age", Age.Of(clone.CreateTime, clock)),
        ("Expires", clone.ExpireTime.ToTimeOrNull() is { } at ? $"{at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : ""),
        ("Expires in", Expires(clone, clock)),
        ("Idle limit", IdleLimit(clone)),
        .. Identity(clone.Identity),
        ("Ports", Words.Of(clone.Network)),
        ("Outbound", clone.Network?.Outbound == true ? "yes" : "no"),
        ("Process", clone.Pid == 0 ? "" : $"{clone.Pid}"),
        ("Charged", ByteSize.Format(clone.ChargedBytes)),
        ("Grown to", clone.MemoryBytes == 0 ? "" : ByteSize.Format(clone.MemoryBytes)),
        ("vCPUs", clone.Vcpus == 0 ? "" : $"{clone.Vcpus}"),
        .. clone.Devices.Select(d => ($"Device {d.Id}", string.Join(", ", Sheet(d).Skip(1).Where(line => line.Value.Length > 0).Select(line => line.Value)))),
        ("Labels", Words.Pairs(clone.Labels)),
        .. clone.Phases.Select(p => ($"Took {p.Name}", Words.Milliseconds(p.Duration) + " ms")),
        ("Took in all", clone.Total is null ? "" : Words.Milliseconds(clone.Total) + " ms"),
        ("Phases", PhaseBar.Of(clone.Phases)),
        ("CPU time", clone.CpuTime is null ? "" : Words.Milliseconds(clone.CpuTime) + " ms"),
        .. Memory(clone.Memory),
    ];

    public static IEnumerable<(string Label, string Value)> Sheet(PluggedDevice device) =>
    [
        ("Device", device.Id),
        ("Kind", device.Kind switch { PluggedKind.Image => "image", PluggedKind.Disk => "disk", PluggedKind.Nic => "card", _ => "unknown" }),
        ("Size", device.SizeBytes == 0 ? "" : ByteSize.Format(device.SizeBytes)),
        ("Digest", device.Digest),
        ("Serial", device.Serial),
        ("MAC", device.Mac),
        ("Tap", device.Tap),
        ("Behind", device.Bridge),
    ];

    /// <summary>tenants/T/templates/NAME/revisions/R: the NAME.</summary>
    public static string TemplateOf(VmClone clone)
    {
        var parts = clone.Template.Split('/');
        return parts.Length > 3 ? parts[3] : clone.Template;
    }

    /// <summary>Of one that lives.</summary>
    private static string Expires(VmClone clone, TimeProvider clock) =>
        clone.State is CloneState.Stopped or CloneState.Failed ? "" : Age.Until(clone.ExpireTime, clock);

    private static string IdleLimit(VmClone clone) => clone.IdleLimit.ToTimeSpanOrNull() is { } limit ? DurationText.Format(limit) : "";

    private static IEnumerable<(string Label, string Value)> Identity(Identity? identity) => identity is null ? [] :
    [
        ("Hostname", identity.Hostname),
        ("Machine id", identity.MachineId),
        ("Generation", identity.Generation),
        ("Reseeded", identity.KernelReseeded ? "yes" : "not seen"),
    ];

    private static IEnumerable<(string Label, string Value)> Memory(MemoryUsage? memory) => memory is null ? [] :
    [
        ("Resident", ByteSize.Format(memory.Resident)),
        ("Proportional", ByteSize.Format(memory.Proportional)),
        ("Shared", ByteSize.Format(memory.Shared)),
        ("Private", ByteSize.Format(memory.Private)),
        ("RAM private", ByteSize.Format(memory.RamPrivate)),
        ("Image private", ByteSize.Format(memory.ImagePrivate)),
        ("Translated code", ByteSize.Format(memory.TranslatedCode)),
        ("QEMU private", ByteSize.Format(memory.QemuPrivate)),
        ("Of files", $"{ByteSize.Format(memory.FilesResident)}, its part {ByteSize.Format(memory.FilesProportional)}"),
    ];
}
