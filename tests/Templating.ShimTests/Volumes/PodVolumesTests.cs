using Microsoft.Extensions.Logging.Abstractions;
using Templating.Shim.Errors;
using Templating.Shim.Specs;
using Templating.Shim.Volumes;
using Templating.Testing;

namespace Templating.ShimTests.Volumes;

public sealed class PodVolumesTests : IAsyncDisposable
{
    private readonly TempFolder _host = new();
    private readonly GuestFiles _guest = new();
    private readonly PodVolumes _volumes;

    public PodVolumesTests() => _volumes = new PodVolumes(_guest.Host, 1 << 20, NullLogger.Instance, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _volumes.DisposeAsync();
        await _guest.DisposeAsync();
        _host.Dispose();
    }

    [Fact]
    public async Task AFolderIsCopiedWithModesAndLinksAsTheyAre()
    {
        KubeletFolder.Write(_host["map"], "1", ("color", "red"), ("shape", "round"));
        File.SetUnixFileMode(_host["map/..1/color"], UnixFileMode.UserRead | UnixFileMode.GroupRead);

        await PrepareAsync(Copy("map"));

        _guest.Text("map/..1/color").ShouldBe("red");
        _guest.Files["volumes:map/..1/color"].Mode.ShouldBe(0x120u);
        _guest.Files["volumes:map/..data"].ShouldBe(_guest.Files["volumes:map/..data"] with { Kind = GuestFile.Link, Data = "..1" });
        _guest.Text("map/shape").ShouldBe("..data/shape");
        _guest.Roots["volumes"].ShouldBe(64ul << 20);
    }

    [Fact]
    public async Task FilesOfAllVolumesGoOnTheirWayBeforeTheFirstAnswer()
    {
        KubeletFolder.Write(_host["map"], "1", ("color", "red"), ("shape", "round"));
        _host.Write("hosts", "one");
        _guest.Together = 3;

        await _volumes.PrepareAsync(Container([Copy("map"), Copy("hosts")], []), Task.CompletedTask, CancellationToken.None).Soonest();

        _guest.Text("map/..1/shape").ShouldBe("round");
        _guest.Text("hosts").ShouldBe("one");
    }

    [Fact]
    public async Task AFolderInTheContainersRootWaitsForTheRootAndTheFilesDoNot()
    {
        _host.Write("hosts", "one");
        Directory.CreateDirectory(_host["data"]);
        var root = new TaskCompletionSource();

        var preparing = _volumes.PrepareAsync(
            Container([Copy("hosts")], [new GuestFolder("one", "data", _host["data"], OwnRoot: false)]), root.Task, CancellationToken.None);
        await Eventually.UntilAsync(() => _guest.Text("hosts") == "one", "the file");
        _guest.Files.ShouldNotContainKey("one:data");
        root.SetResult();
        await preparing.Soonest();

        _guest.Files["one:data"].Kind.ShouldBe(GuestFile.Folder);
    }

    [Fact]
    public async Task AnUpdateIsSeenWholeOrNotAtAll()
    {
        KubeletFolder.Write(_host["map"], "1", ("color", "red"), ("shape", "round"));
        await PrepareAsync(Copy("map"));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        _guest.Step = () => seen.Add($"{Current("color")} {Current("shape")}");

        KubeletFolder.Write(_host["map"], "2", ("color", "blue"), ("shape", "flat"));
        await Eventually.UntilAsync(() => Current("color") == "blue" && !_guest.Files.ContainsKey("volumes:map/..1"), "the new files, and the old ones gone");
        KubeletFolder.Write(_host["map"], "3", ("color", "blue"), ("taste", "sweet"));
        await Eventually.UntilAsync(() => Current("taste") == "sweet" && _guest.Text("map/shape") is null && !_guest.Files.ContainsKey("volumes:map/..2"), "a key more and one less");

        seen.ShouldBeSubsetOf(["red round", "blue flat", "blue "]);
        _guest.Files.Keys.Where(path => path.Contains("/..", StringComparison.Ordinal)).ShouldBe(
            ["volumes:map/..data", "volumes:map/..3", "volumes:map/..3/color", "volumes:map/..3/taste"], ignoreOrder: true);
    }

    [Fact]
    public async Task AFileIsWrittenInPlaceAndOneInThePlaceOfAnotherIsSeen()
    {
        _host.Write("hosts", "one");
        await PrepareAsync(Copy("hosts"));
        _guest.Text("hosts").ShouldBe("one");

        File.WriteAllText(_host["hosts"], "two");
        await Eventually.UntilAsync(() => _guest.Text("hosts") == "two", "what was written");
        for (var i = 3; i < 6; i++)
        {
            File.Move(_host.Write("hosts.new", $"{i}"), _host["hosts"], overwrite: true);
            await Eventually.UntilAsync(() => _guest.Text("hosts") == $"{i}", "the other file");
        }
    }

    [Fact]
    public async Task WhatIsSharedIsThereOnceAndWhatIsAContainersGoesWithIt()
    {
        _host.Write("hosts", "one");
        _host.Write("part", "mine");
        Directory.CreateDirectory(_host["cache"]);
        File.SetUnixFileMode(_host["cache"], (UnixFileMode)0x1FF);
        var cache = new GuestFolder("emptydir.cache", "data", _host["cache"], OwnRoot: true);
        var first = Container([Copy("hosts"), Copy("part", follow: false, own: true)], [cache]);

        await _volumes.PrepareAsync(first, Task.CompletedTask, CancellationToken.None);
        await _volumes.PrepareAsync(Container([Copy("hosts")], [cache]), Task.CompletedTask, CancellationToken.None);

        _guest.Done.Count(step => step.EndsWith("volumes:hosts", StringComparison.Ordinal)).ShouldBe(1);
        _guest.Done.Count(step => step.EndsWith("emptydir.cache:data", StringComparison.Ordinal)).ShouldBe(1);
        _guest.Files["emptydir.cache:data"].ShouldBe(new GuestFile(GuestFile.Folder, 0x1FF, _guest.Files["emptydir.cache:data"].User, _guest.Files["emptydir.cache:data"].Group, ""));
        _guest.Roots["emptydir.cache"].ShouldBe(1ul << 20);
        await _volumes.EndAsync(first, CancellationToken.None);
        _guest.Text("part").ShouldBeNull();
        _guest.Text("hosts").ShouldBe("one");
    }

    [Fact]
    public async Task ATerminationMessageComesBack()
    {
        var path = _host.Write("log", "");
        var container = Container([Copy("log", follow: false, own: true)], []) with { TerminationLog = new TerminationLog(path, "log") };
        await _volumes.PrepareAsync(container, Task.CompletedTask, CancellationToken.None);
        _guest.Files["volumes:log"] = _guest.Files["volumes:log"] with { Data = new string('x', 5000) + "the end" };

        await _volumes.EndAsync(container, CancellationToken.None);

        File.ReadAllText(path).ShouldBe(new string('x', 4089) + "the end");
        _guest.Text("log").ShouldBeNull();
    }

    [Fact]
    public async Task AGuestThatCannotReadLosesTheMessageAlone()
    {
        var path = _host.Write("log", "old");
        var container = Container([Copy("log", follow: false, own: true)], []) with { TerminationLog = new TerminationLog(path, "log") };
        await _volumes.PrepareAsync(container, Task.CompletedTask, CancellationToken.None);
        _guest.Refuse = 71;

        await _volumes.EndAsync(container, CancellationToken.None);

        File.ReadAllText(path).ShouldBe("old");
    }

    [Fact]
    public async Task WhatCannotBeCopiedIsNamed()
    {
        File.CreateSymbolicLink(_host["link"], "/etc/passwd");
        (await RefusalAsync("link")).ShouldContain(_host["link"]);
        (await RefusalAsync("nothing")).ShouldContain(_host["nothing"]);
        using (var large = File.Create(_host["large"]))
        {
            large.SetLength((16 << 20) + 1);
        }

        (await RefusalAsync("large")).ShouldContain("16 MiB");
        for (var i = 0; i < 4096; i++)
        {
            Directory.CreateDirectory(_host[$"many/{i}"]);
        }

        (await RefusalAsync("many")).ShouldContain("4096 entries");
        Directory.CreateDirectory(_host["deep" + string.Concat(Enumerable.Repeat("/x", 18))]);
        (await RefusalAsync("deep")).ShouldContain("16 folders");
        _host.Write("fine", "");
        _guest.Refuse = 28;
        (await RefusalAsync("fine")).ShouldContain("errno 28");
    }

    [Fact]
    public async Task AGuestThatRefusesAnUpdateGetsItLater()
    {
        _host.Write("hosts", "one");
        await PrepareAsync(Copy("hosts"));

        _guest.Refuse = 28;
        File.WriteAllText(_host["hosts"], "two");
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _guest.Step = () => refused.TrySetResult();
        await refused.Task.Soonest();
        _guest.Refuse = 0;

        await Eventually.UntilAsync(() => _guest.Text("hosts") == "two", "the update");
    }

    private string? Current(string key) =>
        _guest.Text($"map/{key}") is null ? null : _guest.Text($"map/{_guest.Text("map/..data")}/{key}");

    private VolumeCopy Copy(string name, bool follow = true, bool own = false) => new(_host[name], name, follow, own);

    private static GuestContainer Container(IReadOnlyList<VolumeCopy> copies, IReadOnlyList<GuestFolder> folders) => new([], copies, folders, null);

    private Task PrepareAsync(VolumeCopy copy) => _volumes.PrepareAsync(Container([copy], []), Task.CompletedTask, CancellationToken.None);

    private async Task<string> RefusalAsync(string name) => (await Should.ThrowAsync<ShimException>(() => PrepareAsync(Copy(name)))).Message;
}
