namespace Templating.IntegrationTests.Node;

/// <summary>Control groups of a test's own, of whichever version the host has.</summary>
internal sealed class TestCgroups : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    public TestCgroups()
    {
        var name = $"templating-test-{Guid.NewGuid():N}";
        string[] parents = File.Exists(Path.Combine(Root, "cgroup.procs")) ? [Root] : [Path.Combine(Root, "pids"), Path.Combine(Root, "memory")];
        Folders = [.. parents.Select(parent => Path.Combine(parent, name))];
        foreach (var folder in Folders)
        {
            Directory.CreateDirectory(folder);
        }
    }

    public IReadOnlyList<string> Folders { get; }

    public void Dispose()
    {
        foreach (var folder in Folders)
        {
            // Its files are the kernel's, and go with it.
            Directory.Delete(folder);
        }
    }
}
