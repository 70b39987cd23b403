using System.Collections;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Templating.Operator.Cluster;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Hosting;

/// <summary>The process: the operator's services and a plain HTTP listener for probes and metrics.</summary>
internal static class OperatorHost
{
    private const string Prefix = "TEMPLATING_OPERATOR_";

    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        if (arguments is [RuntimeRemoval.Verb, var daemonSet])
        {
            return await RemoveRuntimeAsync(daemonSet, cancellationToken);
        }

        await using var app = Build(arguments);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (OptionsValidationException e)
        {
            foreach (var fault in e.Failures)
            {
                await Console.Error.WriteLineAsync(fault);
            }

            return 2;
        }

        await app.WaitForShutdownAsync(cancellationToken);
        return app.Services.GetRequiredService<OperatorWork>().ExitCode;
    }

    private static async Task<int> RemoveRuntimeAsync(string daemonSet, CancellationToken cancellationToken)
    {
        var options = new OperatorOptions();
        using var connection = ClusterConnection.Open(options);
        var removal = new RuntimeRemoval(new ClusterApi(connection, TimeProvider.System), TimeProvider.System, Console.Out);
        await removal.RunAsync(new ObjectKey(options.Namespace, daemonSet), cancellationToken);
        return 0;
    }

    internal static WebApplication Build(string[] arguments)
    {
        // Empty: no appsettings.json of whatever folder we are in, and no ASPNETCORE_URLS that opens another port.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "templating-operator" });
        builder.Configuration.AddEnvironmentVariables(Prefix).AddInMemoryCollection(TelemetryVariables()).AddCommandLine(arguments);
        var configuration = builder.Configuration;
        var options = new OperatorOptions();
        configuration.Bind(options);
        AddLogging(builder.Logging, options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.AddOperator(configuration);
        AddTelemetry(builder.Services, configuration);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls(options.Listen);

        var app = builder.Build();
        app.UseRouting();
        // Request delegates: parameters and results of other kinds are bound by compiled expressions, which cost megabytes.
        app.MapGet("/healthz", context => context.Response.WriteAsync("ok", context.RequestAborted));
        app.MapGet("/readyz", context =>
        {
            var isReady = context.RequestServices.GetRequiredService<OperatorWork>().IsReady;
            context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync(isReady ? "ok" : "Not everything is listed yet.", context.RequestAborted);
        });
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    /// <summary>OpenTelemetry reads its variables from the host's configuration.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> TelemetryVariables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
        .Where(variable => variable.Key.StartsWith("OTEL_", StringComparison.Ordinal));

    private static void AddLogging(ILoggingBuilder logging, OperatorOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        logging.AddFilter("Microsoft", options.LogLevel == LogLevel.Information ? LogLevel.Warning : options.LogLevel);
        logging.AddFilter("System", LogLevel.Warning);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            });
        }
    }

    private static void AddTelemetry(IServiceCollection services, ConfigurationManager configuration)
    {
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("templating-operator").AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics
                .AddMeter(OperatorMetrics.MeterName, PoolMetrics.MeterName, ClusterMetrics.MeterName, "System.Runtime")
                .AddView(instrument => instrument.Name.StartsWith(PoolMetrics.Prefix, StringComparison.Ordinal)
                    ? new MetricStreamConfiguration { CardinalityLimit = PoolMetrics.MaxSeries }
                    : null)
                .AddPrometheusExporter());
        var endpoint = configuration["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? configuration["OTEL_EXPORTER_OTLP_ENDPOINT"];
        if (!string.IsNullOrEmpty(endpoint))
        {
            // The HTTP handler under gRPC hands the trace on to the node by itself (traceparent).
            telemetry.WithTracing(tracing => tracing.AddSource(OperatorTelemetry.SourceName).AddOtlpExporter());
        }
    }
}
