using System.Security.Cryptography;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads requests that plug into clones.</summary>
internal static class DeviceReader
{
    private const int MaxId = 63;

    /// <summary>One of the three.</summary>
    public static (CloneName Name, string? Digest, PlugDisk? Disk, PlugNic? Nic) Plug(V1.PlugCloneRequest request, Caller caller)
    {
        var name = NameReader.Clone("name", request.Name, caller);
        var faults = new Faults();
        faults.Require(
            request.DeviceCase != V1.PlugCloneRequest.DeviceOneofCase.None, "device", "It is unset; name an image, a disk or a nic.");
        var digest = request.Image is { } image ? Image(image, faults) : null;
        var disk = request.Disk is { } wanted ? Disk(wanted, caller, faults) : null;
        var nic = request.Nic is { } card ? Nic(card, caller, faults) : null;
        faults.ThrowIfAny();
        return (name, digest, disk, nic);
    }

    public static (CloneName Name, string Device) Unplug(V1.UnplugCloneRequest request, Caller caller)
    {
        var name = NameReader.Clone("name", request.Name, caller);
        var faults = new Faults();
        faults.Require(
            request.Device.Length is > 0 and <= MaxId && request.Device.All(char.IsAsciiLetterOrDigit),
            "device", $"{Quote.Text(request.Device)} is not a device's id, such as plug0; the clone's devices are listed with it.");
        faults.ThrowIfAny();
        return (name, request.Device);
    }

    private static string Image(V1.PlugImage image, Faults faults)
    {
        faults.Require(Labels.IsSha256(image.Digest), "image.digest", $"{Quote.Text(image.Digest)} is not 64 lower-case hex digits.");
        return image.Digest;
    }

    private static PlugDisk Disk(V1.PlugDisk disk, Caller caller, Faults faults)
    {
        if (disk.NodeDevice is { } device)
        {
            return NodeDisk(disk, device, caller, faults);
        }

        faults.AddRange(DeviceRules.CheckDisk("disk", disk.SizeBytes, disk.Serial));
        faults.Require(Enum.IsDefined(disk.Format), "disk.format", $"{(int)disk.Format} is not known; use EXT4, or leave it unset.");
        return new PlugDisk(disk.SizeBytes, SerialOf(disk), disk.Format == V1.DiskFormat.Ext4);
    }

    /// <summary>Block devices are the node's, and no tenant's.</summary>
    private static PlugDisk NodeDisk(V1.PlugDisk disk, V1.NodeBlockDevice device, Caller caller, Faults faults)
    {
        caller.RequireAllTenants();
        const string Instead = "leave it unset with node_device: that device is as it is";
        faults.Require(disk.SizeBytes == 0, "disk.size_bytes", $"It is {disk.SizeBytes}; {Instead}.");
        faults.Require(disk.Format == V1.DiskFormat.Unspecified, "disk.format", $"It is {(int)disk.Format}; {Instead}.");
        faults.AddRange(DeviceRules.CheckSerial("disk", disk.Serial));
        return new PlugDisk(0, SerialOf(disk)) { Device = new NodeDevice(device.Major, device.Minor, device.ReadOnly) };
    }

    private static string SerialOf(V1.PlugDisk disk) => disk.Serial.Length > 0 ? disk.Serial : "disk-" + RandomNumberGenerator.GetHexString(12, lowercase: true);

    /// <summary>A network namespace is a place of the node's, not of a tenant's: who names one may reach whatever is in it.</summary>
    private static PlugNic Nic(V1.PlugNic nic, Caller caller, Faults faults)
    {
        caller.RequireAllTenants();
        faults.AddRange(DeviceRules.CheckNic("nic", nic.NetworkNamespace, nic.Tap, nic.Mac, nic.Mtu));
        return new PlugNic(
            nic.NetworkNamespace, nic.Tap.Length > 0 ? nic.Tap : null,
            new NicSpec(nic.Mac.Length > 0 ? nic.Mac.ToLowerInvariant() : NewMac(), nic.Mtu == 0 ? null : nic.Mtu));
    }

    /// <summary>Of those that everybody may give out, and no group's.</summary>
    private static string NewMac()
    {
        var bytes = RandomNumberGenerator.GetBytes(6);
        bytes[0] = (byte)((bytes[0] & 0xfc) | 2);
        return MacText.Of(bytes);
    }
}
