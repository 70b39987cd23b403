using System.Diagnostics;

namespace Templating.Core.Diagnostics;

/// <summary>Names by which exporters subscribe. Every instrument and span is listed in docs/telemetry.md.</summary>
public static class TemplatingTelemetry
{
    public const string SourceName = "Templating";

    public const string MeterName = "Templating";

    internal static readonly ActivitySource Source = new(SourceName);
}
