using Templating.Api.Wire;
using Templating.Cli.Output;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Templates;

internal static class TemplateColumns
{
    public static IReadOnlyList<Column<Template>> List(TimeProvider clock, bool tenants) =>
    [
        .. tenants ? [new Column<Template>("TENANT", t => t.Tenant)] : Array.Empty<Column<Template>>(),
        new("NAME", t => t.Template_),
        new("REVISION", t => Words.ShortRevision(t.Revision)),
        new("STATE", t => Words.Of(t.State), Colour: t => Words.ColourOf(t.State)),
        new("LATEST", t => t.Latest ? "yes" : ""),
        new("CLONES", t => $"{t.Clones}", Right: true),
        new("MEMORY", t => t.Machine is null ? "" : ByteSize.Format(t.Machine.MemoryBytes), Right: true),
        new("DISK", t => ByteSize.Format(t.AllocatedBytes), Right: true),
        new("AGE", t => Age.Of(t.CreateTime, clock), Right: true),
        new("MACHINE", t => t.Machine?.MachineType ?? "", Wide: true),
        new("CPU", t => t.Machine?.CpuModel ?? "", Wide: true),
        new("ACCELERATOR", t => t.Machine is null ? "" : Words.Of(t.Machine.Accelerator), Wide: true),
        new("AGENT", t => t.Agent, Wide: true),
        new("REASON", t => t.StateReason, Wide: true),
    ];

    public static IEnumerable<(string Label, string Value)> Sheet(Template template, TimeProvider clock) =>
    [
        ("Name", template.Name),
        ("State", Words.Of(template.State)),
        ("Reason", template.StateReason),
        ("Latest", template.Latest ? "yes" : "no"),
        ("Age", Age.Of(template.CreateTime, clock)),
        ("Clones", $"{template.Clones}"),
        ("Disk used", ByteSize.Format(template.AllocatedBytes)),
        ("Agent", template.Agent),
        .. template.FailedUnits.Count == 0 ? [] : new[] { ("Failed units", string.Join(' ', template.FailedUnits)) },
        .. Machine(template.Machine),
        .. Guest(template.Spec),
        .. Files(template),
        .. template.Phases.Select(p => ($"Took {p.Name}", DurationText.Format(p.Duration.ToTimeSpanOrNull() ?? default))),
    ];

    private static IEnumerable<(string Label, string Value)> Machine(ResolvedMachine? machine) => machine is null ? [] :
    [
        ("QEMU", machine.QemuVersion),
        ("Machine", machine.MachineType),
        ("CPU", $"{machine.Vcpus} x {machine.CpuModel}"),
        ("Accelerator", Words.Of(machine.Accelerator)),
        ("Host CPU", machine.HostCpu),
        ("Memory", ByteSize.Format(machine.MemoryBytes)),
        ("Devices", string.Join(' ', machine.Devices)),
    ];

    private static IEnumerable<(string Label, string Value)> Guest(TemplateSpec? spec) => spec is null ? [] :
    [
        ("Kernel", spec.Guest?.KernelPath ?? ""),
        ("Initrd", spec.Guest?.InitrdPath ?? ""),
        ("Command line", spec.Guest?.CommandLine ?? ""),
        .. (spec.Guest?.ImagePaths ?? []).Select((path, i) => ($"Image pmem{i}", path)),
        .. spec.Readiness is { HasWaitForBoot: true, WaitForBoot: false } ? new[] { ("Waits for boot", "no") } : [],
        .. (spec.Readiness?.WarmUp ?? []).Select((command, i) => ($"Warm-up {i + 1}", string.Join(' ', command.Arguments))),
        ("Ports", Words.Of(spec.Network)),
        ("Outbound", spec.Network?.Outbound == true ? "yes" : "no"),
    ];

    private static IEnumerable<(string Label, string Value)> Files(Template template)
    {
        IEnumerable<(string Label, FileDigest? File)> files =
        [
            ("File memory", template.Memory),
            ("File state", template.DeviceState),
            .. template.Images.Select((image, i) => ($"File pmem{i}", (FileDigest?)image)),
        ];
        return files.Where(f => f.File is not null).Select(f => (f.Label, $"{ByteSize.Format(f.File!.Size)} sha256:{f.File.Sha256}"));
    }
}
