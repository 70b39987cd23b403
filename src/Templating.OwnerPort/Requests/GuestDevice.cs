using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>A block device in the guest, by what the host knows of it.</summary>
public sealed record GuestDevice
{
    private enum By : byte
    {
        Nothing = 0,
        Name = 1,
        Serial = 2,
        Pci = 3,
    }

    private readonly By _by;
    private readonly string _text;

    private GuestDevice(By by, string text) => (_by, _text) = (by, text);

    internal static GuestDevice None { get; } = new(By.Nothing, "");

    /// <param name="name">The guest's own, such as <c>pmem1</c>; at most 64 bytes.</param>
    public static GuestDevice Named(string name) => new(By.Name, Checks.Text(name, PortLimits.DeviceText, nameof(name)));

    /// <param name="serial">Of a disk, as it was plugged; at most 64 bytes.</param>
    public static GuestDevice WithSerial(string serial) => new(By.Serial, Checks.Text(serial, PortLimits.DeviceText, nameof(serial)));

    /// <param name="address">Such as <c>0000:00:08.0</c>: the device's, or that of a port above it, which the node tells as a plugged device's bridge.</param>
    public static GuestDevice AtPciAddress(string address) => new(By.Pci, Checks.Text(address, PortLimits.DeviceText, nameof(address)));

    /// <summary>What it is found by.</summary>
    public override string ToString() => _text;

    internal void Write(FrameBuilder to) => to.U8((byte)_by).Text(_text);
}
