using Templating.Core.Machines;

namespace Templating.Node.Mapping;

/// <summary>Writes what was plugged as the wire has it.</summary>
internal static class DeviceWriter
{
    public static V1.PluggedDevice ToWire(PluggedDevice device) => new()
    {
        Id = device.Id,
        Kind = ToWire(device.Kind),
        Bridge = device.Bridge,
        SizeBytes = device.Bytes,
        Digest = device.Digest ?? "",
        Serial = device.Serial ?? "",
        Mac = device.Mac ?? "",
        Tap = device.Tap ?? "",
        NodeDevice = device.NodeDevice ?? "",
    };

    private static V1.PluggedKind ToWire(PluggedKind kind) => kind switch
    {
        PluggedKind.Image => V1.PluggedKind.Image,
        PluggedKind.Disk => V1.PluggedKind.Disk,
        PluggedKind.Nic => V1.PluggedKind.Nic,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };
}
