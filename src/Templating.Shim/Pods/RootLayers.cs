using Templating.Shim.Errors;
using Templating.Shim.Protocol.Types;

namespace Templating.Shim.Pods;

/// <summary>Of which folders a container's root is made, by what containerd would have mounted.</summary>
internal static class RootLayers
{
    private const string LowerOption = "lowerdir=";
    private const string UpperOption = "upperdir=";

    /// <returns>The folders, the top one first. They do not change again: those below are committed, and the top one is written by nobody but its container.</returns>
    /// <exception cref="ShimException">It is mounted from something else than folders.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<Mount> rootfs)
    {
        if (rootfs.Count != 1)
        {
            throw ShimException.Invalid($"The container's root is {rootfs.Count} mounts, expected one: is its image unpacked, with the overlayfs or native snapshotter?");
        }

        var mount = rootfs[0];
        return mount.Type switch
        {
            "overlay" => OfOverlay(mount),
            "bind" => [mount.Source],
            _ => throw ShimException.Invalid(
                $"The container's root is of type '{mount.Type}', expected overlay or bind: choose the overlayfs or native snapshotter for this runtime."),
        };
    }

    private static List<string> OfOverlay(Mount mount)
    {
        var lower = mount.Options.FirstOrDefault(o => o.StartsWith(LowerOption, StringComparison.Ordinal))?[LowerOption.Length..];
        if (string.IsNullOrEmpty(lower))
        {
            throw ShimException.Invalid("The container's root is an overlay without a lowerdir.");
        }

        List<string> layers = [.. lower.Split(':')];
        // What an earlier task of the same container or a tool has put there; a container that is new has nothing.
        if (mount.Options.FirstOrDefault(o => o.StartsWith(UpperOption, StringComparison.Ordinal))?[UpperOption.Length..] is { Length: > 0 } upper && HasEntries(upper))
        {
            layers.Insert(0, upper);
        }

        return layers;
    }

    private static bool HasEntries(string folder) => Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();
}
