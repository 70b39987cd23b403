using System.Diagnostics.Metrics;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Diagnostics;
using Templating.Node.VmPods;
using Templating.V1;
using Phase = Templating.V1.Phase;

namespace Templating.UnitTests.VmPods;

/// <summary>VM pods are counted as the node's own clones are; of what their processes say, only what can be true.</summary>
public sealed class PodMeterTests : IDisposable
{
    private static readonly (string Name, double Seconds)[] Whole = [("qemu_start", 0.05), ("restore", 0.01), ("resume", 0.002), ("identity", 0.1)];

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly TemplatingMetrics _metrics;
    private readonly MetricCollector<double> _phases;
    private readonly MetricCollector<double> _starts;
    private readonly MetricCollector<long> _ended;
    private readonly MetricCollector<long> _refused;
    private readonly DateTimeOffset _published;

    public PodMeterTests()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _metrics = new TemplatingMetrics(factory);
        _phases = new MetricCollector<double>(factory, TemplatingTelemetry.MeterName, "templating.clone.phase.duration");
        _starts = new MetricCollector<double>(factory, TemplatingTelemetry.MeterName, "templating.clone.start.duration");
        _ended = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.clones.ended");
        _refused = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.refusals");
        _published = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(2));
    }

    public void Dispose()
    {
        _phases.Dispose();
        _starts.Dispose();
        _ended.Dispose();
        _refused.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void AColdPodHasAllItsPhasesAndTheirSumAsItsStart()
    {
        See(Meter(), Said(PodState.Activating, 3), Said(PodState.Ready, 4));

        Phases().ShouldBe(["qemu_start ok 0.05", "restore ok 0.01", "resume ok 0.002", "identity ok 0.1"]);
        Starts().ShouldBe(["cold ok 0.162"]);
        Ended().ShouldBeEmpty();
    }

    [Fact]
    public void AWarmPodsStartBeginsWithItsActivation()
    {
        See(Meter(), Said(PodState.Waiting, 2), Said(PodState.Activating, 2), Said(PodState.Ready, 4), Said(PodState.Stopped, 4));

        Phases().Count.ShouldBe(4);
        Starts().ShouldBe(["warm ok 0.102"]);
        Ended().ShouldBe(["true "]);
    }

    [Fact]
    public void AStartThatFailsIsARefusalAndNoEnd()
    {
        See(Meter(), Said(PodState.Failed, 2, "QEMU_EXITED"));

        Phases().ShouldBe(["qemu_start ok 0.05", "restore error 0.01"]);
        Starts().ShouldBe(["cold error 0.06"]);
        Refused().ShouldBe(["QEMU_EXITED"]);
        Ended().ShouldBeEmpty();
    }

    [Fact]
    public void AVMThatDiesWhileItWaitsIsAnEndAndNoStart()
    {
        See(Meter(), Said(PodState.Waiting, 2), Said(PodState.Failed, 2, "QEMU_EXITED"));

        Starts().ShouldBeEmpty();
        Refused().ShouldBeEmpty();
        Ended().ShouldBe(["false QEMU_EXITED"]);
    }

    [Fact]
    public void AnActivationThatFailsIsAStartThatFailedAndIsCountedAsRefusedWhereItWasAskedFor()
    {
        See(Meter(), Said(PodState.Waiting, 2), Said(PodState.Activating, 2), Said(PodState.Failed, 4, "IDENTITY_NOT_CONFIRMED"));

        Starts().ShouldBe(["warm error 0.102"]);
        Refused().ShouldBeEmpty();
        Ended().ShouldBe(["false IDENTITY_NOT_CONFIRMED"]);
    }

    [Fact]
    public void APodOfADaemonBeforeThisOneIsCountedFromNowOn()
    {
        See(Meter(isKnown: true), Said(PodState.Ready, 4), Said(PodState.Failed, 4, "GUEST_STOPPED"));

        Phases().ShouldBeEmpty();
        Starts().ShouldBeEmpty();
        Ended().ShouldBe(["false GUEST_STOPPED"]);
    }

    [Fact]
    public void AContainerThatIsStartedAgainIsAnotherLife()
    {
        var meter = Meter();
        See(meter, Said(PodState.Ready, 4), Said(PodState.Failed, 4, "GUEST_STOPPED"), Said(PodState.Failed, 4, "GUEST_STOPPED"));
        See(meter, Said(PodState.Ready, 4));

        Starts().Count.ShouldBe(2);
        Ended().ShouldBe(["false GUEST_STOPPED"]);
    }

    [Fact]
    public void WhatCannotBeTrueIsNotCounted()
    {
        var said = Said(PodState.Ready, 1);
        said.Phases.Add(new Phase { Name = "a label of the tenant's own", Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) });
        said.Phases.Add(new Phase { Name = "identity", Duration = Duration.FromTimeSpan(TimeSpan.FromDays(3000)) });
        said.Phases.Add(new Phase { Name = "identity", Duration = Duration.FromTimeSpan(TimeSpan.FromDays(3000)) });
        See(Meter(), said, Said(PodState.Failed, 1));

        Phases().ShouldBe(["qemu_start ok 0.05", "identity ok 2"]);
        // An image of before it could be said.
        Ended().ShouldBe(["false QEMU_EXITED"]);
    }

    private static PodStatus Said(PodState state, int phases, string failure = "")
    {
        var status = new PodStatus { State = state, Failure = failure };
        status.Phases.AddRange(Whole.Take(phases).Select(p => new Phase { Name = p.Name, Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(p.Seconds)) }));
        return status;
    }

    private static void See(PodMeter meter, params PodStatus[] said)
    {
        meter.Begin();
        foreach (var status in said)
        {
            meter.See(status);
        }
    }

    private PodMeter Meter(bool isKnown = false) => new(_metrics, _published, isKnown, _time);

    private List<string> Phases() => [.. _phases.GetMeasurementSnapshot().Select(m => FormattableString.Invariant($"{m.Tags["phase"]} {m.Tags["outcome"]} {m.Value:0.###}"))];

    private List<string> Starts() => [.. _starts.GetMeasurementSnapshot().Select(m => FormattableString.Invariant($"{m.Tags["start"]} {m.Tags["outcome"]} {m.Value:0.###}"))];

    private List<string> Ended() => [.. _ended.GetMeasurementSnapshot().Select(m => $"{m.Tags["expected"]} {m.Tags["reason"]}")];

    private List<string> Refused() => [.. _refused.GetMeasurementSnapshot().Select(m => $"{m.Tags["reason"]}")];
}
