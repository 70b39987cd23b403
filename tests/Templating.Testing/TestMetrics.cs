using System.Diagnostics.Metrics;
using Templating.Core.Diagnostics;

namespace Templating.Testing;

/// <summary>A metrics class of its own for each test: instruments are not shared between them.</summary>
public static class TestMetrics
{
    public static TemplatingMetrics Create() => new(new MeterFactory());

    private sealed class MeterFactory : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
