using Templating.Core.Linux;

namespace Templating.Shim.Host;

internal static class PodFiles
{
    /// <summary>By who has the pod's lock, when no shim is there any more.</summary>
    public static void Remove(PodPlace place)
    {
        File.Delete(place.Socket);
        _ = FileSystem.RemoveTree(place.Folder);
    }
}
