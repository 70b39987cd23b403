using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Confinement;

/// <summary>
/// Names in a jail under which a blank VM finds its memory when it gets it: empty files, onto which RAM and images are mounted, read-only,
/// until the jail is emptied. Before its machine is made QEMU takes no descriptors from its monitor, and opens by name alone.
/// </summary>
internal static class MemoryPlaces
{
    public const string Ram = "/ram";

    /// <summary>All there are.</summary>
    public static IReadOnlyList<string> All { get; } = [Ram, .. Enumerable.Range(0, SourceRules.MaxImages).Select(Image)];

    public static string Image(int number) => string.Create(CultureInfo.InvariantCulture, $"/image{number}");

    /// <summary>Shows files to a process.</summary>
    /// <exception cref="TemplatingException">Internal: what the kernel refuses.</exception>
    public static void Show(int pid, IReadOnlyList<(string Place, SafeFileHandle File)> files)
    {
        var mounts = new List<(int Mount, byte[] Place)>();
        try
        {
            foreach (var (place, file) in files)
            {
                var mount = MountCalls.MountOf(file);
                if (mount < 0)
                {
                    throw NativeError.Last("The VM's memory cannot be mounted for it");
                }

                mounts.Add((mount, Encoding.UTF8.GetBytes(place + "\0")));
            }

            VmMounts.Change(pid, () => AttachAll(mounts), "show its memory to the VM");
        }
        finally
        {
            mounts.ForEach(mount => _ = DescriptorCalls.Close(mount.Mount));
        }
    }

    private static int AttachAll(List<(int Mount, byte[] Place)> mounts)
    {
        foreach (var (mount, place) in mounts)
        {
            if (MountCalls.Attach(mount, place) < 0)
            {
                return -1;
            }
        }

        return 0;
    }
}
