namespace Templating.Qemu.GuestAgent;

/// <summary>
/// What a shell's exit code is for a program that could not be started (POSIX, "Exit Status for Commands"): 127 where it is
/// not there, 126 where it is and cannot be run. Of the reasons that templating-guest gives (eng/guest/templating-guest/exec.c).
/// </summary>
internal static class StartRefusal
{
    private const int NotFound = 127;
    private const int NotExecutable = 126;

    // strerror(3): the guest is out of something, which says nothing of the program.
    private static readonly string[] Shortages =
        ["Cannot allocate memory", "Out of memory", "Resource temporarily unavailable", "Too many open files", "Too many open files in system", "No file descriptors available"];

    /// <returns>Null where it is no fault of the program's.</returns>
    public static int? ExitCodeOf(string reason)
    {
        if (reason.StartsWith("No program ", StringComparison.Ordinal))
        {
            return NotFound;
        }

        if (reason.StartsWith("No folder ", StringComparison.Ordinal))
        {
            return NotExecutable;
        }

        if (!reason.StartsWith("Could not start ", StringComparison.Ordinal))
        {
            return null;
        }

        // A script whose interpreter is missing is not found either, as a shell says.
        return reason.EndsWith(": No such file or directory", StringComparison.Ordinal) ? NotFound
            : Shortages.Any(s => reason.EndsWith(": " + s, StringComparison.Ordinal)) ? null : NotExecutable;
    }
}
