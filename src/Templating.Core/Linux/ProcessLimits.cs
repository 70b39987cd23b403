using System.Globalization;
using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>Limits of this process and of those it starts (getrlimit(2)); values of asm-generic/resource.h.</summary>
internal static partial class ProcessLimits
{
    private const int FileSize = 1;
    private const int Core = 4;
    private const int OpenFiles = 7;

    /// <summary>No core is left: what these processes have in memory are guests' secrets.</summary>
    public static void ForbidCore() => _ = SetLimit(Core, default);

    /// <summary>Makes the number of files that may be open the most that is allowed without privileges.</summary>
    /// <returns>What it is then.</returns>
    public static long RaiseOpenFiles()
    {
        if (GetLimit(OpenFiles, out var limit) != 0)
        {
            return 1024; // what Linux begins with
        }

        if (limit.Soft < limit.Hard)
        {
            var raised = new Limit { Soft = limit.Hard, Hard = limit.Hard };
            limit = SetLimit(OpenFiles, in raised) == 0 ? raised : limit;
        }

        return (long)Math.Min(limit.Soft, long.MaxValue);
    }

    /// <summary>Lets another process write files of so many bytes, where it may not already.</summary>
    /// <returns>0; negative where the kernel refuses.</returns>
    /// <exception cref="IOException">It is gone.</exception>
    public static int AllowFileSize(int pid, long bytes)
    {
        // Read from /proc: asking of another user's process takes the right to change it.
        if (FileSizeOf(pid) >= bytes)
        {
            return 0;
        }

        var raised = new Limit { Soft = (ulong)bytes, Hard = (ulong)bytes };
        return SetLimit(pid, FileSize, in raised, before: 0);
    }

    /// <summary>
    /// Lets a process that the calling thread has just started write no larger file, and leave no core. It takes no capability: the thread has the
    /// same user and group.
    /// </summary>
    /// <returns>0; negative where the kernel refuses. One that has ended already is limited enough.</returns>
    public static int Restrict(int pid, long fileBytes)
    {
        var size = new Limit { Soft = (ulong)fileBytes, Hard = (ulong)fileBytes };
        var none = default(Limit);
        return (SetLimit(pid, Core, in none, before: 0) == 0 && SetLimit(pid, FileSize, in size, before: 0) == 0)
            || Marshal.GetLastPInvokeError() == Errno.NoProcess ? 0 : -1;
    }

    private static long FileSizeOf(int pid)
    {
        const string Label = "Max file size";
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/limits")).First(l => l.StartsWith(Label, StringComparison.Ordinal));
        return long.TryParse(line[Label.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var soft)
            ? soft
            : long.MaxValue;
    }

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int SetLimit(int pid, int resource, in Limit limit, nint before);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    /// <summary>struct rlimit on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
