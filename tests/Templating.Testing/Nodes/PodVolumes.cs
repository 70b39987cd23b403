namespace Templating.Testing.Nodes;

/// <summary>A folder that looks like a VM pod's volume: the prepared template's revision, its images, and a place for the socket.</summary>
public static class PodVolumes
{
    /// <summary>Hard links into the store of <paramref name="folder"/>; paths short enough for sockets.</summary>
    public static async Task<string> MakeAsync(NodeFolder folder, CancellationToken cancellationToken)
    {
        await PreparedStore.CopyToAsync(folder);
        var volume = folder["v"];
        Directory.CreateDirectory(Path.Combine(volume, "socket"));
        var template = PreparedStore.Template.Split('/');
        var revision = Directory.GetDirectories(Path.Combine(folder.Store, "templates", template[1], template[3])).Single();
        foreach (var (from, to) in new[] { (revision, "revision"), (Path.Combine(folder.Store, "images"), "images") })
        {
            var linked = await Programs.RunAsync("/bin/cp", ["-al", from, Path.Combine(volume, to)], cancellationToken);
            if (linked.ExitCode != 0)
            {
                throw new IOException(linked.Error);
            }
        }

        return volume;
    }
}
