using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

/// <summary>What the metrics count of clones: each end once, and whether somebody asked for it.</summary>
public sealed class CloneEndMetricsTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly IMeterFactory _factory;
    private readonly MetricCollector<long> _ended;
    private readonly FakeNode _node;

    public CloneEndMetricsTests()
    {
        _factory = _services.GetRequiredService<IMeterFactory>();
        _ended = new MetricCollector<long>(_factory, TemplatingTelemetry.MeterName, "templating.clones.ended");
        _node = new FakeNode(metrics: new TemplatingMetrics(_factory));
    }

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _ended.Dispose();
        await _services.DisposeAsync();
    }

    [Theory]
    [InlineData(true, false, "true", "")]
    [InlineData(false, false, "false", "QEMU_EXITED")]
    [InlineData(true, true, "false", "GUEST_STOPPED")]
    public async Task AnEndIsExpectedOnlyWhereTheGuestAskedForIt(bool guestRequested, bool panicked, string expected, string reason)
    {
        var clone = await CreateAsync();

        _node.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid).End("over", guestRequested, panicked);

        await EndedAsync(expected, reason);
    }

    [Fact]
    public async Task ADeletedClonesEndIsExpected()
    {
        var clone = await CreateAsync();

        await _node.Clones.DeleteAsync(clone.Name, TimeSpan.Zero, CancellationToken.None);

        await EndedAsync("true", "");
    }

    [Fact]
    public async Task ACloneThatWasReturnedEarlyAndNeverConfirmedIsAnUnexpectedEndAndARefusal()
    {
        using var refused = new MetricCollector<long>(_factory, TemplatingTelemetry.MeterName, "templating.refusals");
        _node.Vmm.FailAt("identify", ErrorCode.IdentityNotConfirmed, "Who?");

        await CreateAsync(wait: false);

        await EndedAsync("false", "IDENTITY_NOT_CONFIRMED");
        refused.GetMeasurementSnapshot().Single().Tags["reason"].ShouldBe("IDENTITY_NOT_CONFIRMED");
    }

    [Fact]
    public async Task ACloneThatNeverStartedHasNoEndButARefusal()
    {
        using var refused = new MetricCollector<long>(_factory, TemplatingTelemetry.MeterName, "templating.refusals");
        _node.Vmm.FailAt("restore", ErrorCode.QemuExited, "Gone.");

        await Should.ThrowAsync<TemplatingException>(() => CreateAsync());

        refused.GetMeasurementSnapshot().Single().Tags["reason"].ShouldBe("QEMU_EXITED");
        _ended.GetMeasurementSnapshot().ShouldBeEmpty();
    }

    [Fact]
    public async Task EachPhaseOfAStartIsCountedWithItsOutcome()
    {
        using var phases = new MetricCollector<double>(_factory, TemplatingTelemetry.MeterName, "templating.clone.phase.duration");
        _node.Vmm.FailAt("identify", ErrorCode.IdentityNotConfirmed, "Who?");

        await Should.ThrowAsync<TemplatingException>(() => CreateAsync());

        phases.GetMeasurementSnapshot().Select(m => $"{m.Tags["phase"]} {m.Tags["outcome"]}").ShouldBe(
            ["queue ok", "verify ok", "qemu_start ok", "restore ok", "resume ok", "identity error"]);
    }

    [Fact]
    public async Task TheGaugesTellWhatIsThereNow()
    {
        using var charged = new MetricCollector<long>(_factory, TemplatingTelemetry.MeterName, "templating.memory.charged");
        using var budget = new MetricCollector<long>(_factory, TemplatingTelemetry.MeterName, "templating.memory.budget");
        using var clones = new MetricCollector<int>(_factory, TemplatingTelemetry.MeterName, "templating.clones");
        var clone = await CreateAsync();
        await CreateAsync();

        charged.RecordObservableInstruments();
        budget.RecordObservableInstruments();
        clones.RecordObservableInstruments();

        charged.LastMeasurement!.Value.ShouldBe(2 * clone.ChargedBytes);
        budget.LastMeasurement!.Value.ShouldBe(4096L << 20);
        // A state in which there is none is zero: an alert on what is absent stays silent.
        clones.GetMeasurementSnapshot().Select(m => $"{m.Tags["owner"]} {m.Tags["state"]} {m.Value}").ShouldBe(
            ["clone PREPARED 0", "clone RESTORED 0", "clone RUNNING 2", "clone PAUSED 0", "clone NOT_ANSWERING 0", "clone STOPPED 0", "clone FAILED 0"]);
    }

    private Task<CloneView> CreateAsync(bool wait = true) => _node.Clones.CreateAsync(
        new CreateClone { Template = new TemplateName("a", "t"), ReturnWhenRunning = !wait }, CancellationToken.None);

    private async Task EndedAsync(string expected, string reason)
    {
        await Eventually.UntilAsync(() => _ended.GetMeasurementSnapshot().Count > 0, "the end is counted");
        var end = _ended.GetMeasurementSnapshot().ShouldHaveSingleItem();
        (end.Value, end.Tags["owner"], end.Tags["expected"], end.Tags["reason"]).ShouldBe((1, "clone", expected, reason));
    }
}
