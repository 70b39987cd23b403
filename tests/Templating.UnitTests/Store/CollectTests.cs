using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.UnitTests.Store;

public sealed class CollectTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task ADeletedRevisionIsGoneAndItsMappingsLiveOn()
    {
        var revision = await _fixture.PublishAsync();
        using var mapped = File.OpenRead(revision.MemoryPath);
        _fixture.Store.Delete(revision.Name).ShouldBeTrue();
        _fixture.Store.Delete(revision.Name).ShouldBeFalse();
        _fixture.Store.Find(StoreFixture.Web, null).ShouldBeNull();
        Directory.Exists(Path.Combine(_fixture.Root, "templates", "acme")).ShouldBeFalse();
        Directory.GetFileSystemEntries(_fixture.Staging).ShouldBeEmpty();
        mapped.Length.ShouldBe(StoreFixture.MemoryBytes);
    }

    [Fact]
    public void ANameThatIsNoNameDeletesNothing() =>
        _fixture.Store.Delete(new RevisionName(new TemplateName("..", ".."), "staging")).ShouldBeFalse();

    [Fact]
    public async Task OnlyImagesThatNobodyNeedsAreCollected()
    {
        var a = _fixture.MakeImage("a", 1);
        var b = _fixture.MakeImage("b", 2);
        var revision = await _fixture.PublishAsync(images: a);
        using (var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null))
        {
            var held = await staged.ImportImageAsync(b, GuestFilePolicy.Anywhere, CancellationToken.None);
            _fixture.Store.Collect().ShouldBe(new CollectResult(0, 0, 0));
            File.Exists(_fixture.Store.ImagePath(held)).ShouldBeTrue();
        }

        var result = _fixture.Store.Collect();
        result.Images.ShouldBe(1);
        result.Bytes.ShouldBeGreaterThan(0);
        File.Exists(_fixture.Store.ImagePath(revision.Manifest.Images[0])).ShouldBeTrue();
        _fixture.Store.Delete(revision.Name);
        _fixture.Store.Collect().Images.ShouldBe(1);
        Directory.GetFileSystemEntries(Path.Combine(_fixture.Root, "images")).ShouldBeEmpty();
    }

    [Fact]
    public async Task ImagesStayWhileAManifestThatCannotBeReadMayNameThem()
    {
        var revision = await _fixture.PublishAsync(images: _fixture.MakeImage("a", 1));
        StoreFixture.FlipByte(Path.Combine(revision.Path, "manifest.json"), 30);
        _fixture.Store.Rescan();
        _fixture.Store.Collect().Images.ShouldBe(0);
        _fixture.Store.Delete(revision.Name);
        _fixture.Store.Collect().Images.ShouldBe(1);
    }

    [Fact]
    public void ABuildUnderWayIsNotCollectedAndWhatNobodyOwnsIs()
    {
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        var abandoned = Path.Combine(_fixture.Staging, "build-1");
        Directory.CreateDirectory(abandoned);
        File.WriteAllText(Path.Combine(abandoned, "memory"), "x");
        File.SetUnixFileMode(abandoned, (UnixFileMode)0b101_101_101);
        _fixture.Store.Collect().StagingFolders.ShouldBe(1);
        Directory.GetFileSystemEntries(_fixture.Staging).ShouldHaveSingleItem().ShouldBe(staged.Path);
    }

    [Fact]
    public async Task RetainKeepsTheNewestAndThoseInUse()
    {
        var all = new List<RevisionName>();
        for (var i = 0; i < 5; i++)
        {
            all.Insert(0, (await _fixture.PublishAsync(createdAt: DateTimeOffset.UnixEpoch.AddDays(i))).Name);
        }

        var other = await _fixture.PublishAsync(new TemplateName("acme", "db"));
        _fixture.Store.Retain(StoreFixture.Web, 2, name => name == all[3]).ShouldBe([all[2], all[4]]);
        _fixture.Store.List(null).Select(r => r.Name).ShouldBe([other.Name, all[0], all[1], all[3]]);
        _fixture.Store.Retain(StoreFixture.Web, 0, _ => false).Count.ShouldBe(3);
    }

    [Fact]
    public async Task AnImageOfAnOddSizeIsRefusedWithWhatToDo()
    {
        var path = _fixture.Folder.At("odd.img");
        await File.WriteAllBytesAsync(path, new byte[5000]);
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        var error = await Should.ThrowAsync<TemplatingException>(() => staged.ImportImageAsync(path, GuestFilePolicy.Anywhere, CancellationToken.None));
        error.Code.ShouldBe(ErrorCode.InvalidArgument);
        error.Message.ShouldContain("truncate");
        Directory.GetFileSystemEntries(_fixture.Staging).Length.ShouldBe(1);
    }

    [Fact]
    public async Task ConcurrentImportsOfOneImageAreOneFile()
    {
        var path = _fixture.MakeImage("a", 9, mebibytes: 4);
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        var digests = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ =>
            staged.ImportImageAsync(path, GuestFilePolicy.Anywhere, CancellationToken.None)));
        digests.Distinct().ShouldHaveSingleItem().Sha256.ShouldBe(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(path))));
        Directory.GetFiles(Path.Combine(_fixture.Root, "images")).Length.ShouldBe(1);
        Directory.GetFileSystemEntries(_fixture.Staging).Length.ShouldBe(1);
    }

    [Fact]
    public async Task AnImageOutsideTheAllowedFoldersIsRefused()
    {
        var path = _fixture.MakeImage("a", 9);
        using var staged = _fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        await Should.ThrowAsync<TemplatingException>(() => staged.ImportImageAsync(path, new GuestFilePolicy(), CancellationToken.None));
        await Should.NotThrowAsync(() => staged.ImportImageAsync(path, new GuestFilePolicy { Folders = [_fixture.Folder.Path] }, CancellationToken.None));
    }
}
