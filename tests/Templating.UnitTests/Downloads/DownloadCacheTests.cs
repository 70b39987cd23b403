using Templating.Core.Capacity;
using Templating.Core.Downloads;
using Templating.Core.Errors;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Downloads;

public sealed class DownloadCacheTests : IDisposable
{
    private static readonly string First = new('1', 64);
    private static readonly string Second = new('2', 64);
    private static readonly string Third = new('3', 64);

    private readonly TempFolder _folder = new();
    private readonly FakeLimits _limits = new();
    private readonly DownloadCache _cache;

    public DownloadCacheTests()
    {
        _limits.Named["a"] = new TenantLimits { DownloadBytes = 100 };
        _cache = new DownloadCache(Root, _limits, TimeProvider.System);
    }

    private string Root => _folder["downloads"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFileOfOneTenantIsNoOthersWhoeverKnowsItsDigest()
    {
        Fetch("a", First, 10).Dispose();

        _cache.TryUse("a", First).ShouldNotBeNull();
        _cache.TryUse("b", First).ShouldBeNull();
    }

    [Fact]
    public void ATenantsFilesHaveTheirRoomAndItsOwnUnusedOnesGoForIt()
    {
        var used = Fetch("a", First, 60);
        Fetch("a", Second, 40).Dispose();
        Fetch("b", Second, 1000).Dispose();

        Fetch("a", Third, 40).Dispose();

        _cache.TryUse("a", First).ShouldNotBeNull("it is used");
        _cache.TryUse("a", Second).ShouldBeNull("it went for the third");
        _cache.TryUse("b", Second).ShouldNotBeNull("it is another's");
        var refusal = Should.Throw<TemplatingException>(() => Fetch("a", Second, 41));
        refusal.Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        refusal.Details["limit"].ShouldBe("downloadBytes");
        used.Dispose();
    }

    [Fact]
    public void TheRoomIsKeptToTheByte()
    {
        Fetch("a", First, 100).Dispose();

        Should.Throw<TemplatingException>(() => Fetch("a", Second, 101)).Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        Fetch("a", Second, 100).Dispose();
    }

    [Fact]
    public void TheOldestGoesFirstAndNoMoreThanMust()
    {
        Fetch("a", First, 40).Dispose();
        Fetch("a", Second, 40).Dispose();
        File.SetLastWriteTimeUtc(Path.Combine(Root, "a", First), TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1));

        Fetch("a", Third, 60).Dispose();

        _cache.TryUse("a", First).ShouldBeNull();
        _cache.TryUse("a", Second).ShouldNotBeNull();
    }

    [Fact]
    public void FilesUnderWayCountByWhatTheyBecomeAndAreForgottenWhenTheyFail()
    {
        var part = _cache.BeginPart("a", First);
        _cache.Grow("a", part, 60);

        Should.Throw<TemplatingException>(() => Fetch("a", Second, 41));
        Fetch("a", Second, 40).Dispose();
        _cache.EndPart(part);
        Fetch("a", Third, 60).Dispose();
    }

    [Fact]
    public void WhatKilledDownloadsLeftIsCollectedAndWhatIsUnderWayIsNot()
    {
        var part = _cache.BeginPart("a", First);
        File.WriteAllText(part, "x");
        var left = Path.Combine(Root, "a", $"{Second}.0.part");
        File.WriteAllText(left, "x");

        _cache.Collect();

        File.Exists(part).ShouldBeTrue();
        File.Exists(left).ShouldBeFalse();
    }

    private Download Fetch(string tenant, string sha256, int bytes)
    {
        var part = _cache.BeginPart(tenant, sha256);
        try
        {
            _cache.Grow(tenant, part, bytes);
            File.WriteAllBytes(part, new byte[bytes]);
            return _cache.Keep(tenant, part, sha256);
        }
        finally
        {
            _cache.EndPart(part);
        }
    }
}
