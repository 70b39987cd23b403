using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>Limits of this process and of those it starts (getrlimit(2)); values of asm-generic/resource.h.</summary>
internal static partial class ProcessLimits
{
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
