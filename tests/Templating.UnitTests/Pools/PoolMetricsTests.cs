using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Pools;

/// <summary>What the metrics count of pools.</summary>
public sealed class PoolMetricsTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly IMeterFactory _factory;
    private readonly TemplatingMetrics _metrics;
    private readonly FakeNode _node;
    private readonly CancellationTokenSource _running = new();
    private Task _run = Task.CompletedTask;

    public PoolMetricsTests()
    {
        _factory = _services.GetRequiredService<IMeterFactory>();
        _metrics = new TemplatingMetrics(_factory);
        _node = new FakeNode(metrics: _metrics);
    }

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
        _run = _node.Pools.RunAsync(_running.Token);
    }

    public async Task DisposeAsync()
    {
        await _running.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _node.DisposeAsync();
        _running.Dispose();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task TakesAreCountedByWhatAClonesGoesOnFromAndBeginWithZero()
    {
        using var takes = new MetricCollector<long>(_factory, TemplatingTelemetry.MeterName, "templating.pool.takes");
        using var starts = new MetricCollector<double>(_factory, TemplatingTelemetry.MeterName, "templating.clone.start.duration");
        using var refills = new MetricCollector<double>(_factory, TemplatingTelemetry.MeterName, "templating.pool.refill.duration");
        using var waiting = new MetricCollector<int>(_factory, TemplatingTelemetry.MeterName, "templating.pool.waiting");
        _metrics.Begin();
        takes.GetMeasurementSnapshot().Select(m => (m.Tags["from"], m.Value)).ShouldBe([("restored", 0L), ("prepared", 0L), ("none", 0L)]);
        await CreateAsync();
        _node.Pools.Set(new PoolName("a", "t"), new PoolSpec { Template = "t", Sizes = new PoolSizes { Restored = 1 } });
        await Eventually.UntilAsync(() => _node.Pools.Get(new PoolName("a", "t")).Vms.Count == 1, "one waits");
        waiting.RecordObservableInstruments();
        waiting.GetMeasurementSnapshot().Select(m => (m.Tags["kind"], m.Value)).ShouldBe([("restored", 1), ("prepared", 0)]);
        await _running.CancelAsync();

        await CreateAsync();
        await CreateAsync();

        takes.GetMeasurementSnapshot().Where(m => m.Value > 0).Select(m => (m.Tags["from"], m.Value)).ShouldBe([("restored", 1L), ("none", 1L)]);
        starts.GetMeasurementSnapshot().Select(m => m.Tags["start"]).ShouldBe(["cold", "warm", "cold"]);
        refills.GetMeasurementSnapshot().ShouldHaveSingleItem().Tags["outcome"].ShouldBe("ok");
    }

    private Task<CloneView> CreateAsync() => _node.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t") }, CancellationToken.None);
}
