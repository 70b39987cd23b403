using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Testing.Nodes;

namespace Templating.UnitTests.Store;

/// <summary>What a daemon verified, its next one believes as long as nothing changed, and nothing else.</summary>
public sealed class VerifiedStampsTests : IDisposable
{
    private const string Read = "Verified";

    private readonly StoreFixture _fixture = new();
    private readonly FakeLogger<TemplateStore> _log = new();

    public VerifiedStampsTests() => _fixture.Store.Dispose();

    private string Stamps => _fixture.Folder.At("verified");

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task WhatWasPublishedOrVerifiedIsNotReadAgainByTheNextDaemon()
    {
        var name = await PublishAsync();

        (await FilesReadByTheNextAsync(name)).ShouldBe(0);
        File.Delete(Stamps);
        (await FilesReadByTheNextAsync(name)).ShouldBe(3);
        (await FilesReadByTheNextAsync(name)).ShouldBe(0);
        File.GetUnixFileMode(Stamps).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await File.ReadAllTextAsync(Stamps)).ShouldContain(name.Revision);
    }

    [Fact]
    public async Task AChangedFileIsFoundAlsoWhenItsTimeWasPutBack()
    {
        var name = await PublishAsync();
        var memory = Path.Combine(_fixture.Root, "templates", "acme", "web", name.Revision, "memory");
        var time = File.GetLastWriteTimeUtc(memory);
        StoreFixture.FlipByte(memory, 123_460);
        File.SetLastWriteTimeUtc(memory, time);

        (await Should.ThrowAsync<TemplatingException>(FilesReadByTheNextAsync(name))).Code.ShouldBe(ErrorCode.TemplateCorrupt);
        // That it was found is not kept: it may be mended.
        StoreFixture.FlipByte(memory, 123_460);
        (await FilesReadByTheNextAsync(name)).ShouldBe(1);
    }

    /// <summary>Moved to another disk, restored from a backup: other files, whatever their times.</summary>
    [Fact]
    public async Task ACopiedStoreIsReadAgain()
    {
        var name = await PublishAsync();
        (await Programs.RunAsync("/bin/cp", ["-a", _fixture.Root, _fixture.Root + "2"], CancellationToken.None)).ExitCode.ShouldBe(0);
        Directory.Move(_fixture.Root, _fixture.Root + "1");
        Directory.Move(_fixture.Root + "2", _fixture.Root);

        (await FilesReadByTheNextAsync(name)).ShouldBe(3);
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("empty")]
    [InlineData("version")]
    [InlineData("boot")]
    [InlineData("null")]
    [InlineData("twice")]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("huge")]
    [InlineData("open")]
    public async Task StampsThatAreNoneOfOursCostAReadingAndNothingElse(string kind)
    {
        var name = await PublishAsync();
        var text = await File.ReadAllTextAsync(Stamps);
        File.Delete(Stamps);
        switch (kind)
        {
            case "torn":
                await WriteAsync(text[..(text.Length / 2)]);
                break;
            case "empty":
                await WriteAsync("");
                break;
            case "version":
                await WriteAsync(text.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal));
                break;
            case "boot":
                await WriteAsync(text.Replace(Boot, Guid.NewGuid().ToString(), StringComparison.Ordinal));
                break;
            case "null":
                await WriteAsync($$"""{"version":1,"boot":"{{Boot}}","files":[null,{"path":null,"sha256":null,"device":0,"inode":0,"size":0,"modified":0,"changed":0}]}""");
                break;
            case "twice":
                await WriteAsync($$"""{"version":1,"boot":"{{Boot}}","files":[{"path":"/"},{"path":"/"}]}""");
                break;
            case "link":
                await File.WriteAllTextAsync(_fixture.Folder.At("elsewhere"), text);
                File.CreateSymbolicLink(Stamps, _fixture.Folder.At("elsewhere"));
                break;
            case "folder":
                Directory.CreateDirectory(Stamps);
                break;
            case "huge":
                await using (var file = File.Create(Stamps))
                {
                    file.SetLength(1L << 40);
                }

                break;
            default:
                await WriteAsync(text);
                File.SetUnixFileMode(Stamps, (UnixFileMode)0b110_110_110);
                break;
        }

        (await FilesReadByTheNextAsync(name)).ShouldBe(3);
        if (kind != "folder")
        {
            (await FilesReadByTheNextAsync(name)).ShouldBe(0, "they were written anew");
        }
    }

    [Fact]
    public async Task WhatWasDeletedIsForgotten()
    {
        var name = await PublishAsync();
        using (var store = Open())
        {
            store.Delete(name).ShouldBeTrue();
        }

        (await File.ReadAllTextAsync(Stamps)).ShouldNotContain(name.Revision);
    }

    private static string Boot => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private TemplateStore Open() => new(
        new StoreOptions { Root = _fixture.Root, ReservedBytes = 0, FsVerity = false, StampPath = Stamps }, _log);

    private Task WriteAsync(string text) => File.WriteAllTextAsync(Stamps, text);

    private async Task<RevisionName> PublishAsync()
    {
        using var store = Open();
        using var staged = store.Stage(StoreFixture.MemoryBytes, owner: null);
        return (await StoreFixture.FillAndPublishAsync(staged, StoreFixture.Web, createdAt: null, _fixture.MakeImage("image", 7))).Name;
    }

    private async Task<int> FilesReadByTheNextAsync(RevisionName name)
    {
        _log.Collector.Clear();
        using var store = Open();
        await store.EnsureVerifiedAsync(store.Find(name.Template, name.Revision)!, CancellationToken.None);
        return _log.Collector.GetSnapshot().Count(record => record.Level == LogLevel.Debug && record.Message.StartsWith(Read, StringComparison.Ordinal));
    }
}
