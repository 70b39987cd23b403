using Google.Protobuf.WellKnownTypes;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

/// <summary>When a clone is to end by itself, over the wire.</summary>
public sealed class LifetimeTests : IAsyncLifetime
{
    private TestDaemon _daemon = null!;
    private CloneService.CloneServiceClient _clones = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync();
        _clones = new CloneService.CloneServiceClient(_daemon.Connect());
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task ALifetimeIsTakenToldAndChanged()
    {
        await _daemon.BuildAsync();
        var at = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));

        var clone = await _clones.CreateCloneAsync(new CreateCloneRequest { Spec = Spec(spec => (spec.ExpireTime, spec.IdleLimit) = (at, Seconds(90))) });
        (clone.ExpireTime, clone.IdleLimit).ShouldBe((at, Seconds(90)));
        var extended = await _clones.ExtendCloneAsync(new ExtendCloneRequest { Name = clone.Name, Ttl = Seconds(3600), NoIdleLimit = true });
        extended.ExpireTime.ToDateTimeOffset().ShouldBeGreaterThan(at.ToDateTimeOffset());
        extended.IdleLimit.ShouldBeNull();
        (await _clones.ExtendCloneAsync(new ExtendCloneRequest { Name = clone.Name, NoExpiry = true })).ExpireTime.ShouldBeNull();
        (await _clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name })).ExpireTime.ShouldBeNull();
    }

    [Fact]
    public async Task AllFaultsOfALifetimeComeTogether()
    {
        var past = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(1));
        var create = await Errors.FailureOf(async () => await _clones.CreateCloneAsync(
            new CreateCloneRequest { Spec = Spec(spec => (spec.Ttl, spec.ExpireTime, spec.IdleLimit) = (Seconds(0), past, Seconds(366L * 86400))) }));
        var extend = await Errors.FailureOf(async () => await _clones.ExtendCloneAsync(new ExtendCloneRequest
        {
            Name = "tenants/a/clones/c",
            Ttl = new Duration { Seconds = long.MaxValue },
            NoExpiry = true,
            IdleLimit = Seconds(1),
            NoIdleLimit = true,
        }));
        var nothing = await Errors.FailureOf(async () => await _clones.ExtendCloneAsync(new ExtendCloneRequest { Name = "tenants/a/clones/c" }));

        create.Fields().ShouldBe(["spec.expire_time", "spec.ttl", "spec.expire_time", "spec.idle_limit"]);
        extend.Fields().ShouldBe(["ttl", "no_expiry", "no_idle_limit"]);
        nothing.Fields().ShouldBe(["ttl"]);
    }

    [Fact]
    public async Task AnEndMoreThanAYearAwayIsRefused()
    {
        var far = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(366));
        (await Errors.FailureOf(async () => await _clones.ExtendCloneAsync(new ExtendCloneRequest { Name = "tenants/a/clones/c", ExpireTime = far })))
            .Fields().ShouldBe(["expire_time"]);
    }

    /// <summary>The daemon's own loop, by its own clock.</summary>
    [Fact]
    public async Task TheDaemonEndsWhatIsOverByItself()
    {
        await _daemon.BuildAsync();

        var clone = await _clones.CreateCloneAsync(new CreateCloneRequest { Spec = Spec(spec => spec.Ttl = Seconds(1)) });

        await Eventually.True(() => _clones.GetClone(new GetCloneRequest { Name = clone.Name }) is { State: CloneState.Stopped } ended
            && ended.StateReason.StartsWith("expired: its ttl is over", StringComparison.Ordinal));
    }

    private static CloneSpec Spec(Action<CloneSpec> change)
    {
        var spec = new CloneSpec { Template = "tenants/a/templates/t" };
        change(spec);
        return spec;
    }

    private static Duration Seconds(long seconds) => new() { Seconds = seconds };
}
