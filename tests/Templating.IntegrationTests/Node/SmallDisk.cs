using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Node;

/// <summary>A node's folders whose store is a filesystem of a few MiB; they go with the node.</summary>
internal sealed class SmallDisk
{
    private SmallDisk(NodeFolder folder) => Folder = folder;

    public NodeFolder Folder { get; }

    private string Filler => Path.Combine(Folder.Store, "filler");

    /// <returns>Null for who is not root.</returns>
    public static async Task<SmallDisk?> MountAsync(int mebibytes, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var folder = new NodeFolder();
        var mounted = await Programs.RunAsync(
            "/bin/mount", ["-t", "tmpfs", "-o", $"size={mebibytes}m,mode=0711", "tmpfs", folder.Store], cancellationToken);
        mounted.ExitCode.ShouldBe(0, mounted.Error);
        return new SmallDisk(folder);
    }

    public void FillUp()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[1 << 16];
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full, which is what was wanted.
        }
    }

    public void MakeRoom() => File.Delete(Filler);
}
