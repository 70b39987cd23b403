using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Images;

/// <summary>What the maker of images is, sees and may do, and what is left when it is killed.</summary>
public sealed class MakerConfinementTests : IAsyncLifetime
{
    private const string Large = "mkdir one; truncate -s 6G one/file";

    private readonly ImageBench _bench = new();
    private readonly CancellationTokenSource _impatience = new();

    public Task InitializeAsync() => _bench.MakeAsync(Large);

    public async Task DisposeAsync()
    {
        _impatience.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task ItReadsTheTreeAndWritesItsFileAndSeesNothingElse()
    {
        var publishing = PublishAsync();
        var maker = await MakerProcess.WaitAsync(Environment.ProcessId);
        Signals.Send(maker, Signals.Stop).ShouldBeTrue();

        MakerProcess.Field(maker, "Uid")!.Split('\t').ShouldAllBe(uid => uid.StartsWith("19000000", StringComparison.Ordinal), "a user of its own");
        MakerProcess.Field(maker, "Groups").ShouldBe("");
        foreach (var set in (string[])["CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"])
        {
            MakerProcess.Field(maker, set).ShouldBe("0000000000000004", $"{set}: CAP_DAC_READ_SEARCH alone");
        }

        MakerProcess.Field(maker, "NoNewPrivs").ShouldBe("1");
        MakerProcess.Field(maker, "Seccomp").ShouldBe("2", "open_by_handle_at would lead out of the tree");
        MakerProcess.Field(maker, "NSpid").ShouldBe($"{maker}\t1", "the first process of a namespace of its own");
        File.ReadLines($"/proc/{maker}/net/dev").Skip(2).ShouldAllBe(line => line.TrimStart().StartsWith("lo:", StringComparison.Ordinal));
        foreach (var mount in File.ReadLines($"/proc/{maker}/mountinfo").Select(line => line.Split(' ')))
        {
            var options = mount[5].Split(',');
            (mount[4] is "/image" or "/dev/null" || options.Contains("ro", StringComparer.Ordinal)).ShouldBeTrue(string.Join(' ', mount));
            options.ShouldContain("nosuid", string.Join(' ', mount));
        }

        Directory.EnumerateFileSystemEntries($"/proc/{maker}/root").Select(Path.GetFileName).ShouldBeSubsetOf(
            ["bin", "dev", "etc", "image", "lib", "lib32", "lib64", "libx32", "sbin", "tree", "usr"]);
        Directory.EnumerateFileSystemEntries($"/proc/{maker}/root/tree").Select(Path.GetFileName).ShouldBe(["file"]);

        await _impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => publishing);
        await NothingIsLeftAsync(maker);
    }

    [Fact]
    public async Task WhereItIsKilledTheImageIsNotMadeAndNothingIsLeft()
    {
        var publishing = PublishAsync();
        var maker = await MakerProcess.WaitAsync(Environment.ProcessId);

        Signals.Send(maker, Signals.Kill).ShouldBeTrue();

        var failure = await Should.ThrowAsync<TemplatingException>(() => publishing);
        failure.Code.ShouldBe(ErrorCode.ImageBuildFailed);
        failure.Message.ShouldContain("signal 9");
        await NothingIsLeftAsync(maker);
    }

    private Task<ImageView> PublishAsync() => _bench.Cache.PublishAsync(
        "a", new ImageSource.Layers([Path.Combine(_bench.Trees, "one")]), _impatience.Token);

    private async Task NothingIsLeftAsync(int maker)
    {
        await Eventually.UntilAsync(
            () => MakerProcess.Field(maker, "Name") is null && _bench.Users.Taken == 0 && !Directory.EnumerateFileSystemEntries(_bench.Root).Any(),
            "no process, no user, no file");
        // The tree's mount goes with its last user.
        (await ImageBench.ShellAsync($"rm -r {_bench.Trees}/one; echo gone")).ShouldBe("gone\n");
    }
}
