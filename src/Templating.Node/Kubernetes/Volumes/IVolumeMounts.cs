namespace Templating.Node.Kubernetes.Volumes;

/// <summary>The mounts of volumes.</summary>
public interface IVolumeMounts
{
    /// <summary>Whether one of our volumes is mounted there.</summary>
    bool IsMounted(string target);

    /// <summary>Makes a volume of these files, each at its place. What is half made when it fails is <see cref="Unmount"/>'s.</summary>
    /// <exception cref="IOException">A file cannot be opened or a mount cannot be made.</exception>
    void Mount(string target, IReadOnlyList<(string Source, string Place)> files);

    /// <summary>Takes away what we mounted there, however far it got, and the folder. Does nothing where there is nothing.</summary>
    /// <exception cref="IOException">Something of somebody else's is there.</exception>
    void Unmount(string target);
}
