using Templating.Core.Linux;

namespace Templating.ShimTests.Volumes;

/// <summary>Writes a ConfigMap's folder as kubelet does.</summary>
internal static class KubeletFolder
{
    /// <summary>A folder of a new name, a link to it in the place of the old one, links to what is in it, and then the old one goes.</summary>
    public static void Write(string folder, string version, params (string Name, string Text)[] files)
    {
        Directory.CreateDirectory(folder);
        var link = Path.Combine(folder, "..data");
        var old = new FileInfo(link).LinkTarget;
        var fresh = Directory.CreateDirectory(Path.Combine(folder, $"..{version}")).FullName;
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(fresh, name), text);
        }

        File.CreateSymbolicLink(link + "_tmp", $"..{version}");
        // Not File.Move, which looks where the link leads.
        FileSystem.Rename(link + "_tmp", link);
        foreach (var (name, _) in files.Where(file => new FileInfo(Path.Combine(folder, file.Name)).LinkTarget is null))
        {
            File.CreateSymbolicLink(Path.Combine(folder, name), $"..data/{name}");
        }

        foreach (var stale in Directory.GetFiles(folder).Where(path => !Path.GetFileName(path).StartsWith("..", StringComparison.Ordinal)
            && !files.Any(file => file.Name == Path.GetFileName(path))))
        {
            File.Delete(stale);
        }

        if (old is not null)
        {
            Directory.Delete(Path.Combine(folder, old), recursive: true);
        }
    }
}
