using Google.Protobuf.WellKnownTypes;
using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Node.Mapping;

/// <summary>Writes clones as the wire has them.</summary>
internal static class CloneWriter
{
    public static V1.VmClone ToWire(CloneView view)
    {
        var clone = new V1.VmClone
        {
            Name = view.Name.ToString(),
            Tenant = view.Name.Tenant,
            Id = view.Name.Id,
            Template = view.Template.ToString(),
            State = ToWire(view.State),
            StateReason = view.StateReason,
            CreateTime = Timestamp.FromDateTimeOffset(view.CreatedAt),
            Network = NetworkMapping.ToWire(view.Network),
            Total = Duration.FromTimeSpan(view.Total),
            Pid = view.Pid,
            ChargedBytes = view.ChargedBytes,
            Vcpus = view.Vcpus ?? 0,
            MemoryBytes = view.MemoryBytes ?? 0,
        };
        clone.Devices.AddRange((view.Devices ?? []).Select(DeviceWriter.ToWire));
        clone.Phases.AddRange(view.Phases.Select(phase => new V1.Phase { Name = phase.Name, Duration = Duration.FromTimeSpan(phase.Duration) }));
        foreach (var (key, value) in view.Labels)
        {
            clone.Labels[key] = value;
        }

        if (view.ReadyAt is { } readyAt)
        {
            clone.ReadyTime = Timestamp.FromDateTimeOffset(readyAt);
        }

        if (view.ExpireAt is { } expireAt)
        {
            clone.ExpireTime = Timestamp.FromDateTimeOffset(expireAt);
        }

        clone.Owner = view.Owner is { } owner ? new V1.CloneOwner { Pid = owner.Process.Pid, Detached = owner.Detached } : null;
        clone.IdleLimit = view.IdleLimit?.ToDuration();
        if (view.Identity is { } identity)
        {
            clone.Identity = ToWire(identity, view.Generation);
        }

        return clone;
    }

    /// <summary>What view FULL adds; null where there is none to be had.</summary>
    public static void AddUsage(V1.VmClone clone, VmMemory? memory, TimeSpan? cpuTime)
    {
        clone.Memory = ToWire(memory);
        clone.CpuTime = cpuTime?.ToDuration();
    }

    public static V1.Identity ToWire(IdentityConfirmation identity, Guid generation) => new()
    {
        Hostname = identity.Hostname,
        MachineId = identity.MachineId,
        Generation = generation.ToString("D"),
        Clock = Timestamp.FromDateTimeOffset(identity.Clock),
        KernelReseeded = identity.KernelReseeded,
    };

    public static V1.MemoryUsage? ToWire(VmMemory? memory) => memory is null ? null : new V1.MemoryUsage
    {
        Resident = memory.Resident,
        Proportional = memory.Proportional,
        Shared = memory.Shared,
        Private = memory.Private,
        RamPrivate = memory.RamPrivate,
        ImagePrivate = memory.ImagePrivate,
        FilesResident = memory.FilesResident,
        FilesProportional = memory.FilesProportional,
        TranslatedCode = memory.TranslatedCode,
        QemuPrivate = memory.QemuPrivate,
    };

    private static V1.CloneState ToWire(VmState state) => state switch
    {
        VmState.Prepared => V1.CloneState.Prepared,
        VmState.Restored => V1.CloneState.Restored,
        VmState.Running => V1.CloneState.Running,
        VmState.Paused => V1.CloneState.Paused,
        VmState.NotAnswering => V1.CloneState.NotAnswering,
        VmState.Stopped => V1.CloneState.Stopped,
        VmState.Failed => V1.CloneState.Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, message: null),
    };
}
