using Templating.Core.Errors;

namespace Templating.Node.Hosting;

/// <summary>
/// Whether VMs that run as users of their own get to the store and the run folder. A closed folder above either would
/// show only when the first template boots, as a QEMU that cannot open its files.
/// </summary>
internal static class VmAccess
{
    /// <exception cref="TemplatingException">IllegalState, naming every folder that is closed to them.</exception>
    public static void Require(IEnumerable<string> folders)
    {
        var closed = folders.SelectMany(Above).Distinct(StringComparer.Ordinal).Where(IsClosed).ToList();
        if (closed.Count > 0)
        {
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"VMs run as users of their own and cannot get through {string.Join(" and ", closed)}: let others pass "
                + $"('chmod o+x {string.Join(' ', closed)}'), choose other folders, or run VMs as the daemon's user (--vm-users-count 0).");
        }
    }

    /// <summary>The folders on the way, without the last: that one is the daemon's own and is set up by it.</summary>
    private static IEnumerable<string> Above(string folder)
    {
        for (var above = Path.GetDirectoryName(folder); above is not null; above = Path.GetDirectoryName(above))
        {
            yield return above;
        }
    }

    private static bool IsClosed(string folder) =>
        Directory.Exists(folder) && (File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) == UnixFileMode.None;
}
