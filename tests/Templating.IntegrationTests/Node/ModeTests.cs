using System.Globalization;
using System.Text.RegularExpressions;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Node;

/// <summary>Whatever the umask that the daemon was started with, everything it makes has the mode it is to have.</summary>
public sealed partial class ModeTests : NodeTest
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Octal, by path in the test's folder; r is the run folder, s the store. The store's own are told by equality alone.</summary>
    private static readonly Dictionary<string, string> Expected = new(StringComparer.Ordinal)
    {
        ["r"] = "711",
        ["r/daemon.lock"] = "600",
        ["r/templating.sock"] = "660",
        ["r/kvm-probe"] = "600",
        ["r/verified"] = "600",
        ["r/blanks"] = "700",
        ["r/clones"] = "700",
        ["r/clones/ID"] = "700",
        ["r/clones/ID/clone.json"] = "600",
        ["r/clones/ID/qemu.log"] = "600",
        ["r/clones/ID/qmp.sock"] = "600",
        ["r/clones/ID/agent.sock"] = "600",
        ["r/clones/ID/guest.sock"] = "600",
        ["r/clones/ID/console.sock"] = "600",
        ["r/builds"] = "700",
        ["r/builds/ID"] = "700",
        ["r/builds/ID/qemu.log"] = "600",
        ["r/builds/ID/qmp.sock"] = "600",
        ["r/builds/ID/agent.sock"] = "600",
        ["r/builds/ID/guest.sock"] = "600",
        ["r/builds/ID/console.sock"] = "600",
        ["s/lock"] = "600",
        ["s/staging/inputs-ID"] = "711",
        ["s/staging/inputs-ID/kernel"] = "400",
        ["s/staging/inputs-ID/initrd"] = "400",
        ["s/staging/build-ID/memory"] = "600",
        ["s/staging/build-ID/state"] = "600",
    };

    [Fact]
    public async Task EveryPathHasItsModeWhateverTheUmask()
    {
        var seen = await Task.WhenAll(ListAsync("000"), ListAsync("077"));

        seen[0].Select(Text).ShouldBe(seen[1].Select(Text));
        foreach (var (path, mode) in seen[0])
        {
            (mode & WritableByOthers).ShouldBe(path is "r/templating.sock" ? UnixFileMode.GroupWrite : UnixFileMode.None, path);
            if (Expected.TryGetValue(path, out var expected))
            {
                Octal(mode).ShouldBe(expected, path);
            }
            else
            {
                path.ShouldStartWith("s", customMessage: "Everything in the run folder is in the table.");
            }
        }

        Expected.Keys.Except(seen[0].Keys).ShouldBeSubsetOf(["r/kvm-probe"]);
    }

    [Fact]
    public async Task NoOtherUserCanHoldTheLocksThatKeepTheDaemonUp()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // only root can be somebody else
        }

        await using var node = await TestNode.StartEmptyAsync(("UMASK", "000"));
        foreach (var path in (string[])[Path.Combine(node.Folder.Run, "daemon.lock"), Path.Combine(node.Folder.Store, "lock")])
        {
            var tried = await Programs.RunAsync(
                "/usr/bin/setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/flock", "--shared", "--nonblock", path, "true"], Limit);

            tried.ExitCode.ShouldNotBe(0);
            tried.Error.ShouldContain("Permission denied", customMessage: path);
        }
    }

    [Fact]
    public async Task NeitherTheDaemonNorAVmLeavesACore()
    {
        await using var node = await TestNode.StartAsync();
        var clone = await node.Client.CloneAsync(Limit);

        foreach (var pid in (int[])[node.Daemon.Pid, clone.Pid])
        {
            (await File.ReadAllTextAsync($"/proc/{pid}/limits", Limit)).ShouldMatch("Max core file size +0 +0 ");
        }
    }

    /// <summary>What is there while a template boots, and when a clone of it runs.</summary>
    private async Task<SortedDictionary<string, UnixFileMode>> ListAsync(string umask)
    {
        await using var node = await TestNode.StartEmptyAsync(("UMASK", umask));
        var seen = new SortedDictionary<string, UnixFileMode>(StringComparer.Ordinal);
        await node.Client.BuildAsync("web", GuestSpecs.Web(), Limit, told: step =>
        {
            if (step.Message.StartsWith("Waiting", StringComparison.Ordinal))
            {
                Look(node.Folder, seen);
            }

            return Task.CompletedTask;
        });
        await node.Client.CloneAsync(Limit);
        Look(node.Folder, seen);
        return seen;
    }

    private static void Look(NodeFolder folder, SortedDictionary<string, UnixFileMode> seen)
    {
        foreach (var path in (string[])[folder.Run, .. Directory.EnumerateFileSystemEntries(folder.Run, "*", SearchOption.AllDirectories),
            folder.Store, .. Directory.EnumerateFileSystemEntries(folder.Store, "*", SearchOption.AllDirectories)])
        {
            seen[Name(Path.GetRelativePath(folder.Path, path))] = File.GetUnixFileMode(path);
        }
    }

    private static string Name(string path) => Id().Replace(Revision().Replace(Digest().Replace(path, "DIGEST"), "REVISION"), "ID");

    private static string Text(KeyValuePair<string, UnixFileMode> entry) => $"{entry.Key} {Octal(entry.Value)}";

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Digest();

    [GeneratedRegex("[0-9a-f]{32}")]
    private static partial Regex Revision();

    [GeneratedRegex("[0-9a-f]{16}")]
    private static partial Regex Id();
}
