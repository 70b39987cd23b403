using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Testing;

namespace Templating.UnitTests.Images;

public sealed class ImageCacheTests : IDisposable
{
    private const int Image = 2 << 20;

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly FakeImageBuilder _builder = new();
    private ImageOptions _options;
    private ImageCache _cache;

    public ImageCacheTests()
    {
        Directory.CreateDirectory(_folder["trees"]);
        _options = new ImageOptions { Root = _folder["layers"], Folders = [_folder["trees"]], CacheBytes = 3 * Image };
        _cache = Start();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhatWasMadeOfTheSameIsFoundAgain()
    {
        var first = await PublishAsync("a", "one");

        (await PublishAsync("a", "one")).ShouldBe(first);
        _builder.Builds.ShouldBe(1);
        (await PublishAsync("a", "two")).Digest.ShouldNotBe(first.Digest);
        _builder.Builds.ShouldBe(2);
    }

    [Fact]
    public async Task ManyWhoAskAtOnceHaveItMadeOnceAndEachHasIt()
    {
        _builder.Gate = FakeImageBuilder.Closed();
        var all = Enumerable.Range(0, 20).Select(i => PublishAsync($"t{i}", "one")).ToList();
        _builder.Gate.SetResult();

        var images = await Task.WhenAll(all).Soonest();

        _builder.Builds.ShouldBe(1);
        images.Select(i => i.Tenant).ShouldBe(Enumerable.Range(0, 20).Select(i => $"t{i}"));
        _cache.List("t7").Count.ShouldBe(1);
        _cache.List("other").ShouldBeEmpty();
    }

    [Fact]
    public async Task WhoCancelsTakesItFromNobodyElse()
    {
        _builder.Gate = FakeImageBuilder.Closed();
        using var impatience = new CancellationTokenSource();
        var first = PublishAsync("a", "one", impatience.Token);
        await Eventually.UntilAsync(() => _builder.Builds == 1, "the build has begun");
        var second = PublishAsync("b", "one");

        await impatience.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => first.Soonest());
        _builder.Gate.SetResult();
        (await second.Soonest()).Tenant.ShouldBe("b");
        _builder.Builds.ShouldBe(1);
    }

    [Fact]
    public async Task WhenNobodyWaitsItEndsAndTheNextBeginsAnew()
    {
        _builder.Gate = FakeImageBuilder.Closed();
        using var impatience = new CancellationTokenSource();
        var first = PublishAsync("a", "one", impatience.Token);
        await Eventually.UntilAsync(() => _builder.Builds == 1, "the build has begun");

        await impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first.Soonest());
        var second = PublishAsync("a", "one");
        _builder.Gate.SetResult();

        (await second.Soonest()).Tenant.ShouldBe("a");
        _builder.Builds.ShouldBe(2);
        await Eventually.UntilAsync(() => !Directory.EnumerateFiles(_options.Root, "*.part").Any(), "nothing half is left");
    }

    [Fact]
    public async Task AFailureIsToldToAllAndNotRemembered()
    {
        _builder.Failure = new TemplatingException(ErrorCode.ImageBuildFailed, "no");
        (await Should.ThrowAsync<TemplatingException>(() => PublishAsync("a", "one"))).Code.ShouldBe(ErrorCode.ImageBuildFailed);
        Directory.EnumerateFileSystemEntries(_options.Root).ShouldBeEmpty();
        _builder.Failure = null;

        (await PublishAsync("a", "one")).Bytes.ShouldBe(Image);
    }

    [Fact]
    public async Task ATenantHasWhatItPublishedItselfAndNothingElse()
    {
        var image = await PublishAsync("a", "one");

        foreach (var refused in (Action[])[() => _cache.Acquire("b", image.Digest), () => _cache.Get("b", image.Digest), () => _cache.Delete("b", image.Digest)])
        {
            Should.Throw<TemplatingException>(refused).Code.ShouldBe(ErrorCode.ImageNotFound);
        }

        await PublishAsync("b", "one");
        using var lease = _cache.Acquire("b", image.Digest);
        lease.Path.ShouldBe(Path.Combine(_options.Root, image.Digest));
        lease.Bytes.ShouldBe(Image);
    }

    [Fact]
    public async Task AnImageStaysUntilItsLastTenantDeletesIt()
    {
        var image = await PublishAsync("a", "one");
        await PublishAsync("b", "one");

        _cache.Delete("a", image.Digest);
        _cache.Get("b", image.Digest).Uses.ShouldBe(0);
        File.Exists(Path.Combine(_options.Root, image.Digest)).ShouldBeTrue();
        _cache.Delete("b", image.Digest);

        Directory.EnumerateFileSystemEntries(_options.Root).ShouldBeEmpty();
        await PublishAsync("a", "one");
        _builder.Builds.ShouldBe(2);
    }

    [Fact]
    public async Task WhatAClonesHoldsIsNotDeleted()
    {
        var image = await PublishAsync("a", "one");
        var lease = _cache.Acquire("a", image.Digest);

        Should.Throw<TemplatingException>(() => _cache.Delete("a", image.Digest)).Code.ShouldBe(ErrorCode.ImageInUse);
        _cache.Get("a", image.Digest).Uses.ShouldBe(1);
        lease.Dispose();
        lease.Dispose();

        _cache.Delete("a", image.Digest);
        _cache.List(tenant: null).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheLongestUnusedGoForRoomAndNeverThoseThatAreHeld()
    {
        var images = new List<ImageView>();
        foreach (var name in (string[])["1", "2", "3"])
        {
            images.Add(await PublishAsync("a", name));
            _time.Advance(TimeSpan.FromMinutes(2));
        }

        using var held = _cache.Acquire("a", images[0].Digest);
        _time.Advance(TimeSpan.FromMinutes(2));
        _cache.Acquire("a", images[1].Digest).Dispose();

        await PublishAsync("a", "4");

        var left = _cache.List("a").Select(i => i.Digest).ToList();
        left.Count.ShouldBe(3);
        left.ShouldNotContain(images[2].Digest, "it was unused the longest");
        left.ShouldContain(images[0].Digest, "it is held");
    }

    [Fact]
    public async Task WhereAllIsHeldTheNextIsRefusedAndNotKept()
    {
        _cache = Start(_options = _options with { CacheBytes = Image });
        using var held = _cache.Acquire("a", (await PublishAsync("a", "1")).Digest);

        var refusal = await Should.ThrowAsync<TemplatingException>(() => PublishAsync("a", "2"));

        refusal.Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
        refusal.RetryAfter.ShouldNotBeNull();
        _cache.List("a").Count.ShouldBe(1);
    }

    [Fact]
    public async Task CollectingTakesWhatIsTooMuchAndWhatWasLeftHalf()
    {
        await PublishAsync("a", "1");
        File.WriteAllText(Path.Combine(_options.Root, "x.part"), "half");
        File.WriteAllText(Path.Combine(_options.Root, new string('1', 64)), "without a record");

        _cache.Collect().Images.ShouldBe(0);
        Directory.EnumerateFiles(_options.Root).Count().ShouldBe(2);

        Start(_options with { CacheBytes = 1 }).Collect().Images.ShouldBe(1);
        Directory.EnumerateFileSystemEntries(_options.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheNextDaemonKnowsThemAndWhoseTheyAre()
    {
        var image = await PublishAsync("a", "one");
        File.WriteAllText(Path.Combine(_options.Root, "x.part"), "half");

        _cache = Start();

        (await PublishAsync("a", "one")).ShouldBe(image);
        _builder.Builds.ShouldBe(1);
        Should.Throw<TemplatingException>(() => _cache.Acquire("b", image.Digest));
        Directory.EnumerateFiles(_options.Root, "*.part").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("other bytes")]
    [InlineData("other file")]
    [InlineData("no file")]
    [InlineData("record")]
    [InlineData("no record")]
    public async Task WhatIsNotAsItWasPublishedIsForgottenAndMadeAgain(string damage)
    {
        var path = Path.Combine(_options.Root, (await PublishAsync("a", "one")).Digest);
        switch (damage)
        {
            case "other bytes":
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                File.AppendAllText(path, "x");
                break;
            case "other file":
                var bytes = File.ReadAllBytes(path);
                File.Delete(path);
                File.WriteAllBytes(path, bytes);
                break;
            case "no file":
                File.Delete(path);
                break;
            case "record":
                File.WriteAllText(path + ".json", "{}");
                break;
            case "no record":
                File.Delete(path + ".json");
                break;
        }

        _cache = Start();

        _cache.List(tenant: null).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(_options.Root).ShouldBeEmpty();
        await PublishAsync("a", "one");
        _builder.Builds.ShouldBe(2);
    }

    [Fact]
    public async Task AFolderThatWasChangedIsAnotherImageAndOneThatChangesMeanwhileIsNone()
    {
        var tree = Tree("one");
        Directory.CreateDirectory(Path.Combine(tree, "deep"));
        File.WriteAllText(Path.Combine(tree, "deep", "file"), "1");
        var source = new ImageSource.Folder(tree);
        var first = await _cache.PublishAsync("a", source, CancellationToken.None);
        (await _cache.PublishAsync("a", source, CancellationToken.None)).ShouldBe(first);

        File.WriteAllText(Path.Combine(tree, "deep", "file"), "2");
        (await _cache.PublishAsync("a", source, CancellationToken.None)).Digest.ShouldNotBe(first.Digest);

        _builder.Gate = FakeImageBuilder.Closed();
        File.WriteAllText(Path.Combine(tree, "deep", "more"), "");
        var third = _cache.PublishAsync("a", source, CancellationToken.None);
        await Eventually.UntilAsync(() => _builder.Builds == 3, "the build has begun");
        File.Delete(Path.Combine(tree, "deep", "more"));
        _builder.Gate.SetResult();
        (await Should.ThrowAsync<TemplatingException>(() => third.Soonest())).Code.ShouldBe(ErrorCode.IllegalState);
    }

    [Fact]
    public async Task AnImageWithTooManyInodesIsRefusedWhateverWasCountedBefore()
    {
        _builder.Inodes = 1_000_001;

        var refusal = await Should.ThrowAsync<TemplatingException>(() => PublishAsync("a", "one"));

        refusal.Violations.Select(v => v.Field).ShouldBe(["layers.lowerdirs"]);
        refusal.Message.ShouldContain("1000001");
    }

    [Fact]
    public async Task AFileIsItsOwnImageAndFoundByItsTimes()
    {
        var file = _folder.Write("trees/disk", "some bytes");
        var source = new ImageSource.File(file);

        var image = await _cache.PublishAsync("a", source, CancellationToken.None);

        image.Kind.ShouldBe(ImageKind.File);
        image.Bytes.ShouldBe(Image);
        (await _cache.PublishAsync("a", source, CancellationToken.None)).ShouldBe(image);
        File.WriteAllText(file, "other ones");
        (await _cache.PublishAsync("a", source, CancellationToken.None)).Digest.ShouldNotBe(image.Digest);
        _cache = Start(_options with { MaxBytes = Image });
        File.WriteAllBytes(file, new byte[Image + 1]);
        (await Should.ThrowAsync<TemplatingException>(() => _cache.PublishAsync("a", source, CancellationToken.None)))
            .Violations.Single().Description.ShouldContain("--images-max-bytes");
    }

    private Task<ImageView> PublishAsync(string tenant, string tree, CancellationToken cancellationToken = default) =>
        _cache.PublishAsync(tenant, new ImageSource.Layers([Tree(tree)]), cancellationToken);

    private string Tree(string name) => Directory.CreateDirectory(Path.Combine(_folder["trees"], name)).FullName;

    private ImageCache Start(ImageOptions? options = null) =>
        new(options ?? _options, _builder, TestMetrics.Create(), _time, NullLogger<ImageCache>.Instance);
}
