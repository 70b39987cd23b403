using System.Collections;
using System.Diagnostics.Metrics;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Templating.Core.Diagnostics;
using Templating.Node.Options;
using Templating.Node.Sockets;

namespace Templating.Node.Telemetry;

/// <summary>
/// Traces and metrics, only where somebody asked for them: by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT
/// or its variants for one signal) or by an address for Prometheus. Otherwise nothing of it is loaded.
/// </summary>
internal static class NodeTelemetry
{
    /// <summary>
    /// OpenTelemetry reads its variables from the host's configuration, and ours is empty on purpose: of the environment
    /// it gets these and no others.
    /// </summary>
    public static void AddTelemetryVariables(this IConfigurationBuilder configuration) => configuration.AddInMemoryCollection(
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
            .Where(variable => variable.Key.StartsWith("OTEL_", StringComparison.Ordinal)));

    public static void AddNodeTelemetry(this IServiceCollection services, NodeOptions options)
    {
        var traces = IsOtlpOn("TRACES");
        var otlpMetrics = IsOtlpOn("METRICS");
        var prometheus = options.MetricsAddress is not null;
        if (!traces && !otlpMetrics && !prometheus)
        {
            return;
        }

        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource
            .AddService("templating").AddEnvironmentVariableDetector());
        if (traces)
        {
            // The AspNetCore source takes over the caller's W3C trace context from the call's metadata.
            telemetry.WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddSource(TemplatingTelemetry.SourceName)
                .AddOtlpExporter(otlp => SetEndpoint(otlp, "TRACES")));
        }

        if (otlpMetrics || prometheus)
        {
            telemetry.WithMetrics(metrics =>
            {
                metrics.AddMeter(TemplatingTelemetry.MeterName, "Microsoft.AspNetCore.Hosting", "System.Runtime").AddView(BucketsOf);
                if (otlpMetrics)
                {
                    metrics.AddOtlpExporter(otlp => SetEndpoint(otlp, "METRICS"));
                }

                if (prometheus)
                {
                    metrics.AddPrometheusExporter();
                }
            });
        }
    }

    public static void UseNodeMetrics(this WebApplication app, NodeOptions options)
    {
        if (options.MetricsAddress is not null)
        {
            app.MapWhen(
                context => context.Features.Get<MetricsListener>() is not null,
                metrics => metrics.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics"));
        }
    }

    /// <summary>AddOtlpExporter reads the variables for all signals only. That of one signal is used as it is, without a path added.</summary>
    private static void SetEndpoint(OtlpExporterOptions otlp, string signal)
    {
        if (Uri.TryCreate(Environment.GetEnvironmentVariable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"), UriKind.Absolute, out var endpoint))
        {
            otlp.Endpoint = endpoint;
        }
    }

    private static bool IsOtlpOn(string signal) =>
        Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED") is not "true"
        && (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))
            || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")));

    // Core's own histograms bring these buckets; calls get them too, whose first bucket would else end at 5 ms.
    private static MetricStreamConfiguration? BucketsOf(Instrument instrument) =>
        instrument.Unit is "s" && instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Histogram<>)
            ? new ExplicitBucketHistogramConfiguration { Boundaries = [.. TemplatingMetrics.DurationBuckets] }
            : null;
}
