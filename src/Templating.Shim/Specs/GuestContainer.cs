namespace Templating.Shim.Specs;

/// <summary>A container as the guest is to run it, and what it must have in place before.</summary>
/// <param name="Config">The bytes of the guest's <c>config.json</c>.</param>
/// <param name="Copies">Of the host's files.</param>
/// <param name="Folders">Of the guest's memory.</param>
/// <param name="TerminationLog">What comes back at its end; null for nothing.</param>
internal sealed record GuestContainer(
    byte[] Config, IReadOnlyList<VolumeCopy> Copies, IReadOnlyList<GuestFolder> Folders, TerminationLog? TerminationLog);

/// <summary>A file or folder of the host that the guest gets a copy of, in the root <see cref="GuestRoots.Volumes"/>.</summary>
/// <param name="Source">On the host.</param>
/// <param name="Key">Its place in that root: one name. The same for all containers of the pod that mount it.</param>
/// <param name="Follow">Whether changes on the host are to reach the guest.</param>
/// <param name="OfContainer">Whether it is that container's alone, and goes with it.</param>
internal sealed record VolumeCopy(string Source, string Key, bool Follow, bool OfContainer = false);

/// <summary>A folder in the guest that nothing of the host is copied into; its mode and owner are those of the host's.</summary>
/// <param name="Root">A root of its own, of memory, which all containers of the pod share; or a container's.</param>
/// <param name="Path">In it.</param>
/// <param name="Source">On the host: mode, owner, and for a tmpfs its size.</param>
/// <param name="OwnRoot">Whether the root is to be made for it; else it is the container's, and there.</param>
internal sealed record GuestFolder(string Root, string Path, string Source, bool OwnRoot);

/// <summary>What a container writes for its status: kubelet reads the host's file when it has ended.</summary>
/// <param name="HostPath">kubelet's file.</param>
/// <param name="Key">The file in the root <see cref="GuestRoots.Volumes"/>.</param>
internal sealed record TerminationLog(string HostPath, string Key);

/// <summary>Names of roots in the guest that are no container's, and where the guest has them.</summary>
internal static class GuestRoots
{
    public const string Volumes = "volumes";
    public const string SharedMemory = "shm";
    public const string EmptyDirectory = "emptydir.";

    /// <summary>The folder in a root of its own: the root's own mode is not to be chosen.</summary>
    public const string Folder = "data";

    public static string PathOf(string root) => $"/run/templating/roots/{root}/root";

    public static string PathOf(string root, string path) => $"{PathOf(root)}/{path}";
}
