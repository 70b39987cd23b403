using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Templating.Operator.Cluster;
using Templating.Operator.Telemetry;

namespace Templating.OperatorTests.Telemetry;

public sealed class PoolMetricsTests : IDisposable
{
    private static readonly ObjectKey Web = new("team", "web");
    private static readonly DateTime Old = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void APoolIsEmptyWhileNoVmWaitsThatShould()
    {
        var metrics = Create();
        Look(metrics, Web, waiting: 0, wanted: 2);
        _time.Advance(TimeSpan.FromSeconds(5));
        Empty(Web).ShouldBe(5);

        // Another pass over it, and one that sees a VM.
        Look(metrics, Web, waiting: 0, wanted: 2);
        _time.Advance(TimeSpan.FromSeconds(5));
        Look(metrics, Web, waiting: 1, wanted: 2);
        _time.Advance(TimeSpan.FromSeconds(60));
        Empty(Web).ShouldBe(10);

        // Nobody wants any.
        Look(metrics, Web, waiting: 0, wanted: 0);
        _time.Advance(TimeSpan.FromSeconds(60));
        Empty(Web).ShouldBe(10);
        Look(metrics, Web, waiting: 0, wanted: 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        Empty(Web).ShouldBe(11);

        double? Empty(ObjectKey pool) => Served<double>("empty").Find(m => m.Pool == pool).Value;
    }

    [Fact]
    public void CountsBeginWithZeroAndGoWithTheirPool()
    {
        var metrics = Create();
        // As where another process leads.
        Served<int>("waiting").ShouldBeEmpty();
        Look(metrics, Web, waiting: 1, wanted: 2);
        Served<int>("waiting").ShouldBe([(Web, null, 1)]);
        Served<int>("wanted").ShouldBe([(Web, null, 2)]);
        Served<long>("claims").ShouldBe([(Web, "true", 0L), (Web, "false", 0L)]);

        metrics.Claimed(Web, found: true);
        metrics.Claimed(Web, found: false);
        metrics.Claimed(Web, found: false);
        Served<long>("claims").ShouldBe([(Web, "true", 1L), (Web, "false", 2L)]);

        // A VMClone that was under way when it went brings nothing back.
        metrics.Forget(Web);
        metrics.Claimed(Web, found: false);
        Served<long>("claims").ShouldBeEmpty();
        Served<int>("waiting").ShouldBeEmpty();
    }

    [Fact]
    public void TheOldestPoolsHaveSeriesUpToTheLimitAndHowManyHaveNoneIsTold()
    {
        var metrics = Create(limit: 2);
        foreach (var (name, year) in (ReadOnlySpan<(string, int)>)[("third", 3), ("first", 1), ("second", 2)])
        {
            metrics.Looked(new ObjectKey("team", name), Old.AddYears(year), 1, 1);
        }

        Served<int>("wanted").Select(m => m.Pool.Name).ShouldBe(["first", "second"]);
        Unmeasured().ShouldBe(1);

        // What was counted of it meanwhile is there.
        metrics.Claimed(new ObjectKey("team", "third"), found: true);
        metrics.Forget(new ObjectKey("team", "first"));
        Served<long>("claims").Where(m => m.Found == "true").ShouldBe([(new("team", "second"), "true", 0L), (new("team", "third"), "true", 1L)]);
        Unmeasured().ShouldBe(0);
    }

    [Fact]
    public void WithALimitOfZeroNoPoolHasSeries()
    {
        Look(Create(limit: 0), Web, waiting: 1, wanted: 1);
        Served<int>("waiting").ShouldBeEmpty();
        Unmeasured().ShouldBe(1);
    }

    public void Dispose() => _services.Dispose();

    private static void Look(PoolMetrics metrics, ObjectKey pool, int waiting, int wanted) => metrics.Looked(pool, Old, waiting, wanted);

    private PoolMetrics Create(int limit = 10) =>
        new(_services.GetRequiredService<IMeterFactory>(), Options.Create(new PoolMetricsOptions { Limit = limit }), _time);

    private int? Unmeasured()
    {
        using var collector = new MetricCollector<int>(_services.GetRequiredService<IMeterFactory>(), PoolMetrics.MeterName, "templating.operator.pools.unmeasured");
        collector.RecordObservableInstruments();
        return collector.LastMeasurement?.Value;
    }

    /// <summary>What somebody who looks now is told.</summary>
    private List<(ObjectKey Pool, string? Found, T Value)> Served<T>(string instrument)
        where T : struct
    {
        using var collector = new MetricCollector<T>(_services.GetRequiredService<IMeterFactory>(), PoolMetrics.MeterName, PoolMetrics.Prefix + instrument);
        collector.RecordObservableInstruments();
        return
        [
            .. collector.GetMeasurementSnapshot().Select(m => (
                new ObjectKey((string)m.Tags["namespace"]!, (string)m.Tags["pool"]!), (string?)m.Tags.GetValueOrDefault("found"), m.Value)),
        ];
    }
}
