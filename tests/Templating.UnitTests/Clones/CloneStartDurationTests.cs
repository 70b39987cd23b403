using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

public sealed class CloneStartDurationTests
{
    [Fact]
    public async Task AStartThatFailsIsTimedFromTheSameMomentAsOneThatIsReady()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var durations = new MetricCollector<double>(factory, TemplatingTelemetry.MeterName, "templating.clone.start.duration");
        var time = new FakeTimeProvider();
        await using var node = new FakeNode(time: time, metrics: new TemplatingMetrics(factory));
        await node.StartAsync();
        await node.BuildAsync();
        // The admission asks first.
        node.Vmm.OnProbe = () => time.Advance(TimeSpan.FromSeconds(3));
        var request = new CreateClone { Template = new TemplateName("a", "t") };

        await node.Clones.CreateAsync(request, CancellationToken.None);
        node.Vmm.FailAt("identify", ErrorCode.IdentityNotConfirmed, "Who?");
        await Should.ThrowAsync<TemplatingException>(() => node.Clones.CreateAsync(request, CancellationToken.None));

        var (ready, failed) = (durations.GetMeasurementSnapshot()[0], durations.GetMeasurementSnapshot()[1]);
        (ready.Tags["outcome"], failed.Tags["outcome"]).ShouldBe(("ok", "error"));
        ready.Value.ShouldBeGreaterThanOrEqualTo(3);
        failed.Value.ShouldBe(ready.Value);
    }
}
