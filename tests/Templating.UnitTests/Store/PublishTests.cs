using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;

namespace Templating.UnitTests.Store;

public sealed class PublishTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task APublishedRevisionIsListedAndFoundAlsoAfterAReopening()
    {
        var published = await _fixture.PublishAsync(images: _fixture.MakeImage("root.img", 1));
        _fixture.Store.List("acme").ShouldHaveSingleItem().Name.ShouldBe(published.Name);
        _fixture.Store.List("other").ShouldBeEmpty();
        _fixture.Reopen();
        var found = _fixture.Store.Find(StoreFixture.Web, published.Name.Revision).ShouldNotBeNull();
        found.Manifest.ShouldBeEquivalentTo(published.Manifest);
        found.AllocatedBytes.ShouldBe(published.AllocatedBytes);
        _fixture.Store.Find(new TemplateName("acme", "other"), null).ShouldBeNull();
        _fixture.Store.ListBroken(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheNewestRevisionComesFirst()
    {
        var day = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        var middle = await _fixture.PublishAsync(createdAt: day.AddHours(1));
        var newest = await _fixture.PublishAsync(createdAt: day.AddHours(2));
        var oldest = await _fixture.PublishAsync(createdAt: day);
        _fixture.Store.List(null).Select(r => r.Name).ShouldBe([newest.Name, middle.Name, oldest.Name]);
        _fixture.Store.Find(StoreFixture.Web, null)!.Name.ShouldBe(newest.Name);
    }

    [Fact]
    public async Task ZeroPagesAreGivenBackAndFilesAreSealed()
    {
        var revision = await _fixture.PublishAsync();
        // 20,000 bytes lie in 5 or 6 pages, one page at the end, two of state; and what the filesystem needs for itself.
        revision.AllocatedBytes.ShouldBeLessThan(200_000);
        new FileInfo(revision.MemoryPath).Length.ShouldBe(StoreFixture.MemoryBytes);
        foreach (var file in Directory.GetFiles(revision.Path))
        {
            File.GetUnixFileMode(file).ShouldBe(Mode(0b100_100_100));
        }

        File.GetUnixFileMode(revision.Path).ShouldBe(Mode(0b101_101_101));
        File.GetUnixFileMode(_fixture.Root).ShouldBe(Mode(0b111_000_000));
    }

    [RootFact]
    public async Task TheFilesGoToTheVmsUserAndComeBack()
    {
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, new VmUser(64321, 64322));
        Owner(staged.MemoryPath).ShouldBe(64321u);
        var revision = await StoreFixture.FillAndPublishAsync(staged, StoreFixture.Web);
        Owner(revision.MemoryPath).ShouldBe(0u);
        Owner(revision.StatePath).ShouldBe(0u);

        static uint Owner(string path) => Core.Linux.FileStamp.TryRead(path)!.Value.Uid;
    }

    [Fact]
    public async Task AMemoryThatSomeoneStillWritesToIsNotPublished()
    {
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        using (File.OpenHandle(staged.MemoryPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            var error = await Should.ThrowAsync<TemplatingException>(() => staged.PublishAsync((_, _) => Manifests.Sound(), CancellationToken.None));
            error.Code.ShouldBe(ErrorCode.IllegalState);
            error.Message.ShouldContain("still open for writing");
        }
    }

    [Fact]
    public void ABuildThatIsDroppedLeavesNothing()
    {
        using (var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null))
        {
            StoreFixture.Fill(staged);
            new FileInfo(staged.MemoryPath).Length.ShouldBe(StoreFixture.MemoryBytes);
        }

        Directory.GetFileSystemEntries(_fixture.Staging).ShouldBeEmpty();
    }

    [Fact]
    public async Task ACancelledPublicationLeavesNothing()
    {
        using var source = new CancellationTokenSource();
        using (var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null))
        {
            StoreFixture.Fill(staged);
            _fixture.Store.AfterStep = step =>
            {
                if (step is "sealed")
                {
                    source.Cancel();
                }
            };
            await Should.ThrowAsync<OperationCanceledException>(() => staged.PublishAsync(
                (memory, state) => Manifests.Sound() with { Memory = memory, State = state }, source.Token));
        }

        _fixture.Store.List(null).ShouldBeEmpty();
        Directory.GetFileSystemEntries(_fixture.Staging).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("taken")]
    [InlineData("memory")]
    [InlineData("manifest")]
    [InlineData("sealed")]
    [InlineData("folders")]
    [InlineData("renamed")]
    public async Task KilledAtAnyStepTheStoreHoldsTheOldStateAndNothingHalf(string last)
    {
        var before = await _fixture.PublishAsync(createdAt: DateTimeOffset.UnixEpoch);
        // Neither disposed nor cleaned up: what a kill leaves. Its lock goes with the store, as a process's does.
        var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        _fixture.Store.AfterStep = step =>
        {
            if (string.Equals(step, last, StringComparison.Ordinal))
            {
                throw new InvalidOperationException("killed");
            }
        };
        await Should.ThrowAsync<InvalidOperationException>(() => StoreFixture.FillAndPublishAsync(staged, StoreFixture.Web));
        _fixture.Reopen();
        Directory.GetFileSystemEntries(_fixture.Staging).ShouldBeEmpty();
        _fixture.Store.ListBroken(null).ShouldBeEmpty();
        var revisions = _fixture.Store.List(null);
        // The rename is the moment: before it the old, after it the old and the new, whole.
        revisions.Count.ShouldBe(last is "renamed" ? 2 : 1);
        revisions.ShouldContain(r => r.Name == before.Name);
        foreach (var revision in revisions)
        {
            (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task ConcurrentPublicationsOfOneTemplateAllArrive()
    {
        var published = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() =>
            _fixture.PublishAsync(createdAt: DateTimeOffset.UnixEpoch.AddMinutes(i)))));
        published.Select(r => r.Name).Distinct().Count().ShouldBe(6);
        _fixture.Store.List("acme").Select(r => r.Name).ShouldBe(published.Select(r => r.Name), ignoreOrder: true);
        _fixture.Reopen();
        _fixture.Store.List("acme").Count.ShouldBe(6);
    }

    [Fact]
    public async Task TheSameManifestTwiceIsOneRevision()
    {
        using var first = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        using var second = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        await File.WriteAllBytesAsync(first.StatePath, [1]);
        await File.WriteAllBytesAsync(second.StatePath, [1]);
        var a = await first.PublishAsync((m, s) => Manifests.Sound() with { Memory = m, State = s }, CancellationToken.None);
        var b = await second.PublishAsync((m, s) => Manifests.Sound() with { Memory = m, State = s }, CancellationToken.None);
        b.Name.ShouldBe(a.Name);
        _fixture.Store.List(null).Count.ShouldBe(1);
    }

    [Fact]
    public async Task AnImageThatThisBuildDidNotImportIsRefused()
    {
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        StoreFixture.Fill(staged);
        var image = new FileDigest(FileLimits.ImageAlignment, new string('d', 64));
        var error = await Should.ThrowAsync<TemplatingException>(() => staged.PublishAsync(
            (m, s) => Manifests.Sound() with
            {
                Memory = m,
                State = s,
                Images = [image],
                Spec = Manifests.Sound().Spec with { Guest = Manifests.Sound().Spec.Guest with { ImagePaths = ["/x.img"] } },
            },
            CancellationToken.None));
        error.Code.ShouldBe(ErrorCode.IllegalState);
    }

    [Fact]
    public void ASecondStoreOnTheSameFolderIsRefusedAndNamesTheOwner()
    {
        var error = Should.Throw<TemplatingException>(() => _fixture.Open());
        error.Code.ShouldBe(ErrorCode.IllegalState);
        error.Message.ShouldContain($"process {Environment.ProcessId}");
    }

    private static UnixFileMode Mode(int bits) => (UnixFileMode)bits;
}
