using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;

namespace Templating.UnitTests.Diagnostics;

public sealed class TemplatingMetricsTests
{
    [Fact]
    public void AMetricsReasonIsSpelledAsTheDocumentAndTheWireHaveIt()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var metrics = new TemplatingMetrics(factory);
        using var refusals = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.refusals");

        metrics.Refused(ErrorCode.NodeMemoryExhausted);

        refusals.LastMeasurement.ShouldNotBeNull().Tags["reason"].ShouldBe("NODE_MEMORY_EXHAUSTED");
    }

    [Fact]
    public void ACounterBeginsWithZeroForEachReasonSoThatItsFirstIsSeen()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var metrics = new TemplatingMetrics(factory);
        using var refusals = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.refusals");
        using var ended = new MetricCollector<long>(factory, TemplatingTelemetry.MeterName, "templating.clones.ended");

        metrics.Begin();

        refusals.GetMeasurementSnapshot().Select(m => (m.Value, m.Tags["reason"])).ShouldBe(
            Enum.GetValues<ErrorCode>().Select(code => (0L, (object?)ErrorReasons.Of(code))));
        ended.GetMeasurementSnapshot().ShouldAllBe(m => m.Value == 0);
        var born = ended.GetMeasurementSnapshot().Select(m => $"{m.Tags["owner"]} {m.Tags["expected"]} {m.Tags["reason"]}").ToList();
        born.ShouldBeUnique();
        foreach (var series in (string[])["clone true ", "pod true ", "clone false QEMU_EXITED", "pod false QEMU_EXITED", "pod false POD_UNAVAILABLE", "clone true TTL", "clone true EXPIRE_TIME", "clone true IDLE_LIMIT"])
        {
            born.ShouldContain(series);
        }
    }

    [Fact]
    public void AReasonIsReadAsItIsSpelled()
    {
        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            ErrorReasons.Find(ErrorReasons.Of(code)).ShouldBe(code);
        }

        ErrorReasons.Find("QemuExited").ShouldBeNull();
        ErrorReasons.Find("").ShouldBeNull();
    }
}
