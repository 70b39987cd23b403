using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Terminal.Descriptors;

/// <summary>Calls on the three standard descriptors as they are: .NET's console swallows some failures and dies of others.</summary>
internal static partial class LibC
{
    // errno(3) on every architecture of Linux.
    public const int Interrupted = 4;
    public const int BadDescriptor = 9;
    public const int WouldBlock = 11;
    public const int BrokenPipe = 32;

    // fcntl(2), open(2).
    public const int GetDescriptorFlags = 1;
    public const int CloseOnExec = 1;
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;

    // poll(2).
    public const short Writable = 0x4;
    public const short Readable = 0x1;
    public const short Failed = 0x8;
    public const short HungUp = 0x10;

    /// <summary>TIOCGWINSZ, tty_ioctl(4).</summary>
    public const nuint GetWindowSize = 0x5413;

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle descriptor, ref byte buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle descriptor, ref byte buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollTarget target, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "isatty")]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int WindowSize(int descriptor, nuint request, ref TerminalSize size);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollTarget
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TerminalSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
