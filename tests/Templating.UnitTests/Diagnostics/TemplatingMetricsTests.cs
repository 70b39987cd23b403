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
}
