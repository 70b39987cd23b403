using System.Collections.Concurrent;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;

namespace Templating.UnitTests.Store;

public sealed class VerifyTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("memory", 123_460)]
    [InlineData("memory", 9_000_000)]
    [InlineData("state", 4999)]
    [InlineData("manifest.json", 40)]
    public async Task OneFlippedByteIsFoundByVerifyAndBeforeUse(string file, long offset)
    {
        var revision = await _fixture.PublishAsync();
        await _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None);
        var path = Path.Combine(revision.Path, file);
        StoreFixture.FlipByte(path, offset);

        var error = await Should.ThrowAsync<TemplatingException>(() => _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None));
        error.Code.ShouldBe(ErrorCode.TemplateCorrupt);
        error.Message.ShouldContain(path);
        var problem = (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldHaveSingleItem();
        problem.ShouldContain(path);
        problem.ShouldContain("expected is");
    }

    [Fact]
    public async Task AFlippedByteOfAnImageIsFoundAndARebuildHealsIt()
    {
        var source = _fixture.MakeImage("root.img", 7);
        var revision = await _fixture.PublishAsync(images: source);
        var image = _fixture.Store.ImagePath(revision.Manifest.Images[0]);
        StoreFixture.FlipByte(image, 1_000_000);
        (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldHaveSingleItem().ShouldContain(image);

        var rebuilt = await _fixture.PublishAsync(createdAt: DateTimeOffset.UnixEpoch, images: source);
        await _fixture.Store.EnsureVerifiedAsync(rebuilt, CancellationToken.None);
        await _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None);
    }

    /// <summary>Published before manifests had a digest of blocks.</summary>
    [Fact]
    public async Task ARevisionOfAnEarlierVersionIsVerifiedByItsWholeContent()
    {
        var published = await _fixture.PublishAsync();
        published.Manifest.MemoryBlocks.ShouldNotBeNull();
        _fixture.Store.Dispose();
        StoreFixture.Unseal(published);
        var path = Path.Combine(published.Path, "manifest.json");
        var lines = (await File.ReadAllLinesAsync(path)).Where(line => !line.Contains("\"memoryBlocks\"", StringComparison.Ordinal));
        var text = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines));
        File.Delete(path);
        await File.WriteAllBytesAsync(path, text);
        Directory.Move(published.Path, Path.Combine(Path.GetDirectoryName(published.Path)!, ManifestFormat.RevisionOf(text)));
        _fixture.Reopen();
        var revision = _fixture.Store.List(null).ShouldHaveSingleItem();
        revision.Manifest.MemoryBlocks.ShouldBeNull();

        await _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None);
        StoreFixture.FlipByte(revision.MemoryPath, 9_000_000);

        (await Should.ThrowAsync<TemplatingException>(_fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None))).Message.ShouldContain("SHA-256");
    }

    [Fact]
    public async Task AllProblemsAreToldAtOnce()
    {
        var revision = await _fixture.PublishAsync();
        StoreFixture.FlipByte(revision.MemoryPath, 0);
        StoreFixture.FlipByte(revision.StatePath, 0);
        (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).Count.ShouldBe(2);
        var error = await Should.ThrowAsync<TemplatingException>(() => _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None));
        error.Message.ShouldContain(revision.MemoryPath);
        error.Message.ShouldContain(revision.StatePath);
    }

    [Fact]
    public async Task WhatTheLastCheckFoundIsRememberedUntilACheckFindsNothing()
    {
        var revision = await _fixture.PublishAsync();
        _fixture.Store.FindProblem(revision.Name).ShouldBeNull();
        StoreFixture.FlipByte(revision.StatePath, 0);
        await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None);
        _fixture.Store.FindProblem(revision.Name).ShouldNotBeNull().ShouldContain(revision.StatePath);

        StoreFixture.FlipByte(revision.StatePath, 0);
        await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None);
        _fixture.Store.FindProblem(revision.Name).ShouldBeNull();
    }

    [Fact]
    public async Task AByteChangedWhileTheStoreWasClosedIsFoundBeforeUse()
    {
        var name = (await _fixture.PublishAsync()).Name;
        _fixture.Reopen();
        var revision = _fixture.Store.Find(name.Template, name.Revision)!;
        StoreFixture.FlipByte(revision.MemoryPath, 5);
        await Should.ThrowAsync<TemplatingException>(() => _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None));
    }

    [Fact]
    public async Task ABrokenManifestIsListedAsBrokenVerifiedAndDeleted()
    {
        var revision = await _fixture.PublishAsync();
        StoreFixture.FlipByte(Path.Combine(revision.Path, "manifest.json"), 30);
        _fixture.Store.Rescan().ShouldHaveSingleItem().Name.ShouldBe(revision.Name);
        _fixture.Store.Rescan().ShouldBeEmpty();
        _fixture.Store.List(null).ShouldBeEmpty();
        _fixture.Store.ListBroken("acme").ShouldHaveSingleItem().Problem.ShouldContain(revision.Name.Revision);
        (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldNotBeEmpty();
        _fixture.Store.Delete(revision.Name).ShouldBeTrue();
        _fixture.Store.ListBroken(null).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("state")]
    [InlineData("manifest.json")]
    public async Task AMissingFileIsTold(string file)
    {
        var revision = await _fixture.PublishAsync();
        StoreFixture.Unseal(revision);
        File.Delete(Path.Combine(revision.Path, file));
        _fixture.Store.Rescan().ShouldHaveSingleItem().Problem.ShouldContain(file);
        (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task ASymbolicLinkInPlaceOfAFileIsNotFollowed()
    {
        var revision = await _fixture.PublishAsync();
        var elsewhere = _fixture.Folder.At("elsewhere");
        File.Copy(revision.MemoryPath, elsewhere);
        StoreFixture.Unseal(revision);
        File.Delete(revision.MemoryPath);
        File.CreateSymbolicLink(revision.MemoryPath, elsewhere);
        _fixture.Store.Rescan().ShouldHaveSingleItem().Problem.ShouldContain("symbolic link");
        (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task StrangersInTheStoreAreToldAndLeftAlone()
    {
        var revision = await _fixture.PublishAsync();
        Directory.CreateSymbolicLink(Path.Combine(_fixture.Root, "templates", "linked"), _fixture.Folder.Path);
        await File.WriteAllTextAsync(Path.Combine(_fixture.Root, "templates", "acme", "note.txt"), "");
        Directory.CreateDirectory(Path.Combine(_fixture.Root, "templates", "acme", "web", "Backup"));
        _fixture.Store.Rescan().Count.ShouldBe(3);
        _fixture.Store.List(null).ShouldHaveSingleItem().Name.ShouldBe(revision.Name);
        StoreFixture.Unseal(revision);
        await File.WriteAllTextAsync(Path.Combine(revision.Path, "extra"), "");
        _fixture.Store.Rescan().ShouldHaveSingleItem().Problem.ShouldContain("extra");
    }

    [Fact]
    public async Task ARevisionMovedToAnotherTenantIsBroken()
    {
        var revision = await _fixture.PublishAsync();
        Directory.CreateDirectory(Path.Combine(_fixture.Root, "templates", "evil", "web"));
        StoreFixture.Unseal(revision);
        Directory.Move(revision.Path, Path.Combine(_fixture.Root, "templates", "evil", "web", revision.Name.Revision));
        _fixture.Store.Rescan().ShouldHaveSingleItem().Problem.ShouldContain("tenants/acme/templates/web");
        _fixture.Store.List(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task ConcurrentCallersShareOneReading()
    {
        await _fixture.PublishAsync();
        _fixture.Reopen();
        var revision = _fixture.Store.List(null)[0];
        using var gaveUp = new CancellationTokenSource();
        var first = _fixture.Store.EnsureVerifiedAsync(revision, gaveUp.Token);
        var others = Enumerable.Range(0, 8).Select(_ => _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None)).ToArray();
        await gaveUp.CancelAsync();
        await Task.WhenAll(others);
        try
        {
            await first;
        }
        catch (OperationCanceledException)
        {
            first.IsCanceled.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task ADeletedRevisionIsToldAsDeletedNotAsCorrupt()
    {
        var revision = await _fixture.PublishAsync();
        _fixture.Store.Delete(revision.Name);
        (await Should.ThrowAsync<TemplatingException>(() => _fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.TemplateNotFound);
    }

    [Fact]
    public async Task AskingForFsVerityHarmsNoFilesystemWithoutIt()
    {
        _fixture.Reopen(verity: true);
        var revision = await _fixture.PublishAsync(images: _fixture.MakeImage("i", 3));
        (await _fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldBeEmpty();
        _fixture.Store.Delete(revision.Name).ShouldBeTrue();
    }

    [Fact]
    public async Task ProgressEndsAtTheTotal()
    {
        var revision = await _fixture.PublishAsync(images: _fixture.MakeImage("i", 3));
        var seen = new Progress();
        (await _fixture.Store.VerifyAsync(revision.Name, seen, CancellationToken.None)).ShouldBeEmpty();
        var last = seen.Reports.Last();
        last.Done.ShouldBe(last.Total);
        last.Total.ShouldBe(StoreFixture.MemoryBytes + 5000 + FileLimits.ImageAlignment);
    }

    [Fact]
    public async Task VerifyOfNothingSaysSo()
    {
        var name = new RevisionName(StoreFixture.Web, new string('0', 32));
        (await Should.ThrowAsync<TemplatingException>(() => _fixture.Store.VerifyAsync(name, null, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.TemplateNotFound);
        (await Should.ThrowAsync<TemplatingException>(() => _fixture.Store.VerifyAsync(name with { Revision = "../../../lock" }, null, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.TemplateNotFound);
    }

    private sealed class Progress : IProgress<VerifyProgress>
    {
        public ConcurrentQueue<VerifyProgress> Reports { get; } = new();

        public void Report(VerifyProgress value) => Reports.Enqueue(value);
    }
}
