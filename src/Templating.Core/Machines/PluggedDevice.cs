using System.Text.Json.Serialization;

namespace Templating.Core.Machines;

public enum PluggedKind
{
    /// <summary>Read-only memory of a file (virtio-pmem), as a template's images are; shared by all who have it.</summary>
    Image,

    /// <summary>A disk of the VM's own (virtio-blk).</summary>
    Disk,

    /// <summary>A network card on a tap.</summary>
    Nic,
}

/// <summary>What was plugged into a sandbox while it ran.</summary>
public sealed record PluggedDevice
{
    /// <summary>Unique within its VM; names the port it is in.</summary>
    public required string Id { get; init; }

    public required PluggedKind Kind { get; init; }

    /// <summary>
    /// The guest's PCI bridge behind which it is, <c>0000:00:08.0</c>: below <c>/sys/bus/pci/devices/</c> there a guest finds it and nothing else.
    /// </summary>
    public required string Bridge { get; init; }

    /// <summary>Of an image or a disk; 0 for a card.</summary>
    public long Bytes { get; init; }

    /// <summary>Of an image that is in the node's cache.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Digest { get; init; }

    /// <summary>Of a disk: by it the guest finds it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Serial { get; init; }

    /// <summary>Of a disk that is a block device of the host: its numbers there, 8:16.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NodeDevice { get; init; }

    /// <summary>Of a disk: by it the next daemon finds its file, which has no name, among those that the VM has open.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? File { get; init; }

    /// <summary>Of a card.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Mac { get; init; }

    /// <summary>The interface of a card's other end, in the network namespace it is in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tap { get; init; }
}
