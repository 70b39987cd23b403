using System.ComponentModel.DataAnnotations;

namespace Templating.Operator.Telemetry;

/// <summary>Which VMPools have series of their own.</summary>
internal sealed class PoolMetricsOptions
{
    public const string Section = "PoolMetrics";

    public const int MaxLimit = 1000;

    /// <summary>So many VMPools have them, the oldest first; 0 for none. Default 200, of five series each.</summary>
    [Range(0, MaxLimit)]
    public int Limit { get; set; } = 200;
}
