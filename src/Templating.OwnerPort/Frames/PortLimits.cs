namespace Templating.OwnerPort.Frames;

/// <summary>The numbers of docs/guest-protocol.md, "The owner's port", in bytes where nothing else is said.</summary>
internal static class PortLimits
{
    public const ushort Version = 1;
    public const int Header = 9;
    public const int Nonce = 16;

    public const int PayloadToGuest = (1 << 20) + (1 << 16);
    public const int PayloadToHost = 1 << 16;

    /// <summary>More zeros than any frame to the guest has: they end one that a predecessor left half sent.</summary>
    public const int ResyncZeros = Header + PayloadToGuest;

    /// <summary>Of zeros between two frames of the guest. It has no reason to send one; without a bound they would cost for ever.</summary>
    public const int Padding = 1 << 16;

    public const int OutputChunk = 16_384;
    public const int OutputWindow = 262_144;
    public const int InputWindow = 65_536;
    public const int Processes = 64;
    public const int Connections = 32;

    /// <summary>A smaller window or payload than these would be a guest that lets nothing through.</summary>
    public const int LeastWindow = 4096;

    public const int Name = 128;
    public const int DeviceText = 64;
    public const int Path = 1023;
    public const int Read = 16_384;
    public const int Specification = 1 << 20;
    public const int Addresses = 32;
    public const int Routes = 64;
    public const int Neighbours = 64;
    public const int HighestSignal = 64;
    public const uint HighestMode = 0xFFF;

    /// <summary>Of an answer's words, those that are repeated to people.</summary>
    public const int Words = 1024;

    public static readonly TimeSpan DeviceWait = TimeSpan.FromSeconds(30);
}
