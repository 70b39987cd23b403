using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Node;

/// <summary>A node's folders of which one, the store by default, is a filesystem of a few MiB; they go with the node.</summary>
internal sealed class SmallDisk
{
    private readonly string _mount;

    private SmallDisk(NodeFolder folder, string mount) => (Folder, _mount) = (folder, mount);

    public NodeFolder Folder { get; }

    private string Names => Path.Combine(_mount, "names");

    private string Filler => Path.Combine(_mount, "filler");

    /// <returns>Null for who is not root.</returns>
    public static async Task<SmallDisk?> MountAsync(
        int mebibytes, CancellationToken cancellationToken, Func<NodeFolder, string>? at = null, string options = "rw")
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var folder = new NodeFolder();
        var mount = at?.Invoke(folder) ?? folder.Store;
        Directory.CreateDirectory(mount);
        var mounted = await Programs.RunAsync(
            "/bin/mount", ["-t", "tmpfs", "-o", $"size={mebibytes}m,mode=0711,{options}", "tmpfs", mount], cancellationToken);
        mounted.ExitCode.ShouldBe(0, mounted.Error);
        return new SmallDisk(folder, mount);
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

    /// <summary>Takes its last inode.</summary>
    public void FillUpWithNames()
    {
        Directory.CreateDirectory(Names);
        try
        {
            for (var i = 0; ; i++)
            {
                File.Create(Path.Combine(Names, $"{i}")).Dispose();
            }
        }
        catch (IOException)
        {
            // Full, which is what was wanted.
        }
    }

    public void RemoveNames() => Directory.Delete(Names, recursive: true);

    public void MakeRoom() => File.Delete(Filler);
}
