using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>A root for containers. Without an upper it is read-only; without an image it is the upper alone. One of both there must be.</summary>
public sealed record RootMount
{
    private enum Upper : byte
    {
        None = 0,
        Memory = 1,
        Disk = 2,
    }

    /// <summary>1 to 128 of <c>A-Z a-z 0-9 _ . -</c>, with neither <c>.</c> nor <c>-</c> first. Used once at a time.</summary>
    public required string Name { get; init; }

    /// <summary>An erofs, mounted read-only; by DAX where it is a pmem.</summary>
    public GuestDevice? Image { get; init; }

    /// <summary>Bytes of the guest's memory that what is written may take. Not with <see cref="UpperDisk"/>.</summary>
    public ulong? UpperMemoryBytes { get; init; }

    /// <summary>An ext4 that takes what is written. Not with <see cref="UpperMemoryBytes"/>.</summary>
    public GuestDevice? UpperDisk { get; init; }

    /// <summary>How long a device that is not there yet is waited for, at most 30 seconds.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(10);

    internal FrameBuilder Build()
    {
        if (UpperMemoryBytes is not null && UpperDisk is not null)
        {
            throw Checks.Wrong("Found an upper of memory and one on a disk, expected one of them or none.", nameof(UpperDisk));
        }

        if (UpperMemoryBytes == 0)
        {
            throw Checks.Wrong("Found an upper of 0 bytes, expected more, or null for none.", nameof(UpperMemoryBytes));
        }

        var upper = UpperMemoryBytes is not null ? Upper.Memory : UpperDisk is not null ? Upper.Disk : Upper.None;
        if (Image is null && upper == Upper.None)
        {
            throw Checks.Wrong("Found neither an image nor an upper: a root of nothing.", nameof(Image));
        }

        var frame = new FrameBuilder(FrameType.Mount).Text(Checks.Name(Name, nameof(Name)));
        (Image ?? GuestDevice.None).Write(frame);
        frame.U8((byte)upper).U64(UpperMemoryBytes ?? 0);
        (UpperDisk ?? GuestDevice.None).Write(frame);
        return frame.U32(Checks.Wait(Wait, nameof(Wait)));
    }
}
