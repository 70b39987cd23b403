using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Templating.Terminal.Descriptors;

/// <summary>Descriptors 0, 1 and 2 as whoever started us left them.</summary>
internal static class StandardDescriptors
{
    public const int Input = 0;
    public const int Output = 1;
    public const int Error = 2;

    /// <summary>Where nobody says how wide a terminal is, as when a script made it.</summary>
    public const int DefaultColumns = 80;

    /// <summary>
    /// Before anything else is opened: a standard descriptor that is closed is taken by what fails when it is used, as
    /// glibc's csu/check_fds.c does for setuid programs. Else the next socket or file of ours would become standard output,
    /// and what is printed would go there.
    /// </summary>
    public static void Reserve()
    {
        foreach (var descriptor in new[] { Input, Output, Error })
        {
            if (LibC.Control(descriptor, LibC.GetDescriptorFlags) >= 0)
            {
                continue;
            }

            // The lowest free number is given out, and those below are taken by now.
            var taken = LibC.Open("/dev/null", descriptor == Input ? LibC.WriteOnly : LibC.ReadOnly);
            if (taken > descriptor)
            {
                _ = LibC.Close(taken);
            }
        }
    }

    /// <summary>
    /// The descriptor, or none where it was closed. One that closes at exec cannot have come through our own: the runtime's,
    /// compiled just in time, opens files of its own before a line of ours runs, and a write there would land in them.
    /// </summary>
    public static SafeFileHandle Handle(int descriptor) => new(
        LibC.Control(descriptor, LibC.GetDescriptorFlags) is var flags && flags >= 0 && (flags & LibC.CloseOnExec) == 0 ? descriptor : -1,
        ownsHandle: false);

    public static bool IsTerminal(int descriptor) => !Handle(descriptor).IsInvalid && LibC.IsTerminal(descriptor) == 1;

    /// <summary>The columns of a terminal: what COLUMNS says, as POSIX has it, else what the terminal does, if that is a width at all.</summary>
    public static int Columns(int descriptor, string? variable)
    {
        if (int.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && wanted is > 0 and <= ushort.MaxValue)
        {
            return wanted;
        }

        var size = default(LibC.TerminalSize);
        return LibC.WindowSize(descriptor, LibC.GetWindowSize, ref size) == 0 && size.Columns > 0 ? size.Columns : DefaultColumns;
    }

    /// <summary>What the terminal itself says; null where it is none, or does not know.</summary>
    public static (int Rows, int Columns)? Size(int descriptor)
    {
        var size = default(LibC.TerminalSize);
        return LibC.WindowSize(descriptor, LibC.GetWindowSize, ref size) == 0 && size is { Rows: > 0, Columns: > 0 }
            ? (size.Rows, size.Columns)
            : null;
    }
}
