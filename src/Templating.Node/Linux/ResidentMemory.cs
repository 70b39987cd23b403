using System.Globalization;
using Templating.Core.Linux;

namespace Templating.Node.Linux;

/// <summary>
/// Gives back what starting up took and waiting does not need: garbage, and the pages of program code that ran once. Beside each VM
/// of a pod there is such a process, so what it keeps counts a thousand times.
/// </summary>
internal static class ResidentMemory
{
    public static void GiveBackGarbage() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    public static void GiveBack()
    {
        GiveBackGarbage();
        foreach (var (start, length) in Clean(File.ReadLines("/proc/self/smaps")))
        {
            // On a mapping of a file that nothing was written to it drops pages that the page cache still has: the next use finds
            // them there. What the kernel refuses stays resident, that is all.
            _ = MemoryCalls.Advise(start, length, MemoryCalls.DontNeed);
        }
    }

    /// <summary>
    /// Mappings of files that cannot be written to and of which no page was: a page that was relocated or patched before
    /// it was protected is anonymous, and must stay.
    /// </summary>
    /// <param name="smaps">Lines of proc_pid_smaps(5).</param>
    internal static IEnumerable<(nuint Start, nuint Length)> Clean(IEnumerable<string> smaps)
    {
        (nuint Start, nuint Length)? current = null;
        foreach (var line in smaps)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [var range, var permissions, _, _, var inode, ..] && range.Contains('-', StringComparison.Ordinal))
            {
                current = permissions[1] == '-' && inode is not "0" && TryParse(range, out var mapping) ? mapping : null;
            }
            else if (current is { } mapping && words is ["Anonymous:", var kilobytes, ..])
            {
                if (kilobytes is "0")
                {
                    yield return mapping;
                }

                current = null;
            }
        }
    }

    private static bool TryParse(string range, out (nuint Start, nuint Length) mapping)
    {
        mapping = default;
        var split = range.Split('-');
        if (split.Length != 2 || !nuint.TryParse(split[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !nuint.TryParse(split[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end))
        {
            return false;
        }

        mapping = (start, end - start);
        return true;
    }
}
