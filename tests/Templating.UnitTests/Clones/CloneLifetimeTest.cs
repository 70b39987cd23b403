using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

/// <summary>A node whose clock of the boot a test sets.</summary>
public abstract class CloneLifetimeTest : IAsyncLifetime
{
    protected static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    protected static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MetricCollector<long> _ended;

    protected FakeTimeProvider Boot { get; } = new();

    protected SteppedClock Wall { get; } = new(TimeProvider.System);

    protected FakeNode Node { get; }

    protected CloneLifetimeTest()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _ended = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.clones.ended");
        Node = new FakeNode(time: Wall, boot: Boot, metrics: new TemplatingMetrics(factory));
    }

    public async Task InitializeAsync()
    {
        await Node.StartAsync();
        await Node.BuildAsync();
    }

    public async Task DisposeAsync()
    {
        await Node.DisposeAsync();
        _ended.Dispose();
        await _services.DisposeAsync();
    }

    protected void Pass(TimeSpan time, FakeNode? node = null)
    {
        Boot.Advance(time);
        (node ?? Node).Clones.EndExpired();
    }

    protected Task<CloneView> CreateAsync(Lifetime lifetime) => Node.Clones.CreateAsync(Request(lifetime), CancellationToken.None);

    protected CloneView Get(CloneView clone) => Node.Clones.Get(clone.Name);

    protected async Task RunAsync(CloneView clone)
    {
        await foreach (var _ in Node.Clones.ExecAsync(clone.Name, new GuestCommand { Arguments = ["true"] }, input: null, CancellationToken.None))
        {
            // What it prints is nothing here.
        }
    }

    protected async Task<CloneView> EndedAsync(CloneView clone, FakeNode? node = null)
    {
        var clones = (node ?? Node).Clones;
        await Eventually.UntilAsync(() => VmTransitions.IsEnd(clones.Get(clone.Name).State), "it has ended");
        return clones.Get(clone.Name);
    }

    protected async Task CountedAsync(string reason)
    {
        await Eventually.UntilAsync(() => _ended.GetMeasurementSnapshot().Count > 0, "the end is counted");
        var end = _ended.GetMeasurementSnapshot().ShouldHaveSingleItem();
        (end.Tags["owner"], end.Tags["expected"], end.Tags["reason"]).ShouldBe(("clone", "true", reason));
    }

    protected static CreateClone Request(Lifetime lifetime) => new() { Template = new TemplateName("a", "t"), Lifetime = lifetime };
}
