namespace Templating.Contract;

/// <summary>
/// What a VM pod's volume holds (docs/kubernetes/pod-protocol.md):
/// <code>
/// VOLUME/                                    a tmpfs of 64 KiB
///     revision/{manifest.json,memory,state}  one revision's own files, read-only
///     images/SHA256                          its images, read-only
///     socket/pod.sock                        any uid of the pod may write: its process makes it there
/// </code>
/// </summary>
public static class VolumeLayout
{
    public const string RevisionFolder = "revision";
    public const string ImagesFolder = "images";
    public const string SocketFolder = "socket";
    public const string SocketFile = "pod.sock";

    public static IReadOnlyList<string> Folders { get; } = [RevisionFolder, ImagesFolder, SocketFolder];

    public static string SocketPath(string volume) => Path.Combine(volume, SocketFolder, SocketFile);
}
