using System.Diagnostics;

namespace Templating.Operator.Telemetry;

internal static class OperatorTelemetry
{
    public const string SourceName = "Templating.Operator";

    public static ActivitySource Source { get; } = new(SourceName);
}
