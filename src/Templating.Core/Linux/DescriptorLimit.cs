using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>How many files this process may have open (RLIMIT_NOFILE, getrlimit(2)).</summary>
internal static partial class DescriptorLimit
{
    private const int OpenFiles = 7;

    /// <summary>Makes it the most that is allowed without privileges.</summary>
    /// <returns>What it is then.</returns>
    public static long Raise()
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
