using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Clones;

public sealed class CloneLifetimeCommandTests
{
    [Fact]
    public async Task CreateSendsTheLifetime()
    {
        await using var node = await FakeNode.StartAsync();
        CreateCloneRequest? seen = null;
        node.Clones.OnCreate = request =>
        {
            seen = request;
            return Samples.Clone("web-1");
        };

        (await CliRun.OfAsync(node, "clone", "create", "web", "--ttl", "10m", "--idle-limit", "90s")).Code.ShouldBe(ExitCode.Ok);
        seen!.Spec.Ttl.ToTimeSpan().ShouldBe(TimeSpan.FromMinutes(10));
        seen.Spec.IdleLimit.ToTimeSpan().ShouldBe(TimeSpan.FromSeconds(90));
        seen.Spec.ExpireTime.ShouldBeNull();

        (await CliRun.OfAsync(node, "clone", "create", "web")).Code.ShouldBe(ExitCode.Ok);
        (seen.Spec.Ttl, seen.Spec.ExpireTime, seen.Spec.IdleLimit).ShouldBe((null, null, null));
    }

    [Theory]
    [InlineData("2030-01-31T18:00:00Z")]
    [InlineData("2030-01-31T19:00:00+01:00")]
    [InlineData("2030-01-31T18:00:00.000Z")]
    public async Task ATimeIsReadWithItsOffset(string text)
    {
        await using var node = await FakeNode.StartAsync();
        ExtendCloneRequest? seen = null;
        node.Clones.OnExtend = request =>
        {
            seen = request;
            return Samples.Clone("web-1");
        };

        (await CliRun.OfAsync(node, "clone", "extend", "web-1", "--expire-at", text)).Code.ShouldBe(ExitCode.Ok);

        seen!.ExpireTime.ToDateTimeOffset().ShouldBe(new DateTimeOffset(2030, 1, 31, 18, 0, 0, TimeSpan.Zero));
    }

    [Theory]
    [InlineData("2030-01-31T18:00:00")]
    [InlineData("2030-01-31")]
    [InlineData("18:00")]
    [InlineData("tomorrow")]
    public async Task ATimeThatLeavesSomethingToBeGuessedIsRefused(string text)
    {
        await using var node = await FakeNode.StartAsync();

        var run = await CliRun.OfAsync(node, "clone", "extend", "web-1", "--expire-at", text);

        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain("2030-01-31T18:00:00Z");
    }

    [Fact]
    public async Task TtlAndTimeAreNotGivenTogether()
    {
        await using var node = await FakeNode.StartAsync();
        foreach (var command in new[] { "create", "extend" })
        {
            (await CliRun.OfAsync(node, "clone", command, "web", "--ttl", "1m", "--expire-at", "2030-01-31T18:00:00Z")).Code.ShouldBe(ExitCode.Usage);
        }
    }

    [Fact]
    public async Task ExtendSendsWhatIsSetAndTakenAwayAndShowsWhatThereIsNow()
    {
        await using var node = await FakeNode.StartAsync();
        var seen = new List<ExtendCloneRequest>();
        node.Clones.OnExtend = request =>
        {
            seen.Add(request);
            var clone = Samples.Clone("web-1");
            clone.ExpireTime = Timestamp.FromDateTimeOffset(CliRun.Now + TimeSpan.FromMinutes(10));
            clone.IdleLimit = Duration.FromTimeSpan(TimeSpan.FromMinutes(5));
            return clone;
        };

        var run = await CliRun.OfAsync(node, "clone", "extend", "web-1", "--ttl", "10m", "--no-idle-limit");
        await CliRun.OfAsync(node, "clone", "extend", "web-1", "--no-expiry", "--idle-limit", "5m");

        run.Out.ShouldBe("ID     STATE    EXPIRES  IDLE LIMIT\nweb-1  Running      10m        5m0s\n");
        seen.ShouldBe(
        [
            new() { Name = "tenants/default/clones/web-1", Ttl = Duration.FromTimeSpan(TimeSpan.FromMinutes(10)), NoIdleLimit = true },
            new() { Name = "tenants/default/clones/web-1", IdleLimit = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)), NoExpiry = true },
        ]);
    }

    [Fact]
    public async Task ListAndShowTellWhenItEnds()
    {
        await using var node = await FakeNode.StartAsync();
        var clone = Samples.Clone("web-1");
        (clone.ExpireTime, clone.IdleLimit) = (Timestamp.FromDateTimeOffset(CliRun.Now + TimeSpan.FromHours(3)), Duration.FromTimeSpan(TimeSpan.FromMinutes(5)));
        node.Clones.OnList = _ => new ListClonesResponse { Clones = { clone } };
        node.Clones.OnGet = (_, _) => Task.FromResult(clone);

        (await CliRun.OfAsync(node, "clone", "list", "--wide")).Out.ShouldContain("EXPIRES");
        var sheet = (await CliRun.OfAsync(node, "clone", "show", "web-1")).Out;

        sheet.ShouldContain("3h");
        sheet.ShouldContain("5m0s");
    }
}
