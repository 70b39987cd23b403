using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>A place in a root, and whose it is to be. Links of the root's own lead nowhere but into it.</summary>
/// <param name="Root">The name of one that is mounted.</param>
/// <param name="Path">In it; at most 1,023 bytes. Folders on the way are made.</param>
public sealed record PlacedPath(string Root, string Path)
{
    /// <summary>At most octal 7777.</summary>
    public uint Mode { get; init; } = 0x1A4; // 0644

    /// <summary>The user's number.</summary>
    public uint User { get; init; }

    /// <summary>The group's number.</summary>
    public uint Group { get; init; }

    /// <summary>What is to be there.</summary>
    internal enum Kind : byte
    {
        File = 0,
        MoreOfFile = 1,
        Folder = 2,
        Link = 3,
        Nothing = 4,
    }

    /// <summary>Up to where the data begin.</summary>
    internal FrameBuilder Build(Kind kind, int dataBytes = 0)
    {
        CheckPlace();
        if (Mode > PortLimits.HighestMode)
        {
            throw Checks.Wrong($"Found octal {Convert.ToString(Mode, 8)}, expected at most 7777.", nameof(Mode));
        }

        return new FrameBuilder(FrameType.Place, Overhead + dataBytes).Text(Root).Text(Path).U8((byte)kind).U32(Mode).U32(User).U32(Group);
    }

    internal FrameBuilder BuildRead(int most)
    {
        CheckPlace();
        return new FrameBuilder(FrameType.Read).Text(Root).Text(Path).U32((uint)most);
    }

    private void CheckPlace()
    {
        Checks.Name(Root, nameof(Root));
        Checks.Text(Path, PortLimits.Path, nameof(Path));
        if (Path[(Path.LastIndexOf('/') + 1)..] is "" or "." or "..")
        {
            throw Checks.Wrong($"Found '{Path}', expected a path that ends by a name.", nameof(Path));
        }
    }

    /// <summary>The most that the fields before the data take.</summary>
    internal const int Overhead = sizeof(ushort) + PortLimits.Name + sizeof(ushort) + PortLimits.Path + sizeof(byte) + (3 * sizeof(uint));
}
