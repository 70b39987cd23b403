using Templating.Shim.Daemon;
using Templating.Shim.Errors;
using Templating.Testing;

namespace Templating.ShimTests.Daemon;

public sealed class PodCgroupTests
{
    [Theory]
    [InlineData("/kubepods/podUID/ID", "kubepods/podUID/ID")]
    [InlineData("kubepods-burstable-pod1.slice:cri-containerd:abc", "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-abc.scope")]
    [InlineData("system.slice:x:abc", "system.slice/x-abc.scope")]
    [InlineData("-.slice:x:abc", "x-abc.scope")]
    public void BothFormsOfAPathAreFolders(string path, string folders) => string.Join('/', PodCgroup.Parts(path)).ShouldBe(folders);

    [Theory]
    [InlineData("/a/../b")]
    [InlineData("/")]
    [InlineData("a:b")]
    [InlineData("a:b:c:d")]
    [InlineData("/a\n")]
    [InlineData("../x.slice:y:z")]
    public void APathThatLeadsElsewhereIsRefused(string path) => Should.Throw<ShimException>(() => PodCgroup.Parts(path)).Message.ShouldContain("cgroupsPath");

    [Fact]
    public void NoPathIsNoGroup() => PodCgroup.Create("").ShouldBeEmpty();

    [Fact]
    public void OnThisHostGroupsAreMadeThatTakeAProcessAndAreRemovedWithAllThatIsBelowNothing()
    {
        var folders = PodCgroup.Create($"/templating-shim-test/{Guid.NewGuid():N}");
        try
        {
            folders.ShouldNotBeEmpty();
            foreach (var folder in folders)
            {
                File.Exists(Path.Combine(folder, "cgroup.procs")).ShouldBeTrue(folder);
                var cpus = Path.Combine(folder, "cpuset.cpus");
                (!File.Exists(cpus) || !folder.Contains("/cpuset/", StringComparison.Ordinal) || File.ReadAllText(cpus).Trim().Length > 0).ShouldBeTrue(folder);
            }
        }
        finally
        {
            PodCgroup.Remove(folders);
            PodCgroup.Remove([.. folders.Select(f => Path.GetDirectoryName(f)!)]);
        }

        folders.ShouldAllBe(f => !Directory.Exists(f));
        Should.NotThrow(() => PodCgroup.Remove(folders));
    }

    [Fact]
    public void OneHierarchyOfVersionTwoPassesItsControllersDown()
    {
        using var root = new TempFolder();
        Directory.CreateDirectory(root["a"]);
        foreach (var folder in (string[])["", "a/"])
        {
            root.Write(folder + "cgroup.controllers", "cpu memory\n");
            root.Write(folder + "cgroup.subtree_control", "");
        }

        PodCgroup.Create("/a/b", root.Path).ShouldBe([root["a/b"]]);

        // A file keeps what was written to it last, from its beginning.
        File.ReadAllText(root["a/cgroup.subtree_control"]).ShouldBe("+memory");
    }
}
