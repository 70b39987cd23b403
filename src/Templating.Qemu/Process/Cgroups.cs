using System.Globalization;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Qemu.Process;

/// <summary>Control groups of either version: each is a folder, and who is in it stands in its cgroup.procs.</summary>
internal static class Cgroups
{
    /// <summary>Puts a process, with all of its threads, into each.</summary>
    /// <exception cref="TemplatingException">CgroupUnusable: one of them is none, or refuses.</exception>
    public static void Place(int pid, IReadOnlyList<string> folders)
    {
        foreach (var folder in folders)
        {
            var path = Path.Combine(folder, "cgroup.procs");
            try
            {
                using var file = FileSystem.Open(path, LibC.OpenWriteOnly);
                RandomAccess.Write(file, Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture)), 0);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new TemplatingException(ErrorCode.CgroupUnusable, $"QEMU cannot be put into the control group {folder}: {e.Message}", e)
                {
                    Details = new Dictionary<string, string>(StringComparer.Ordinal) { ["path"] = folder },
                };
            }
        }
    }
}
