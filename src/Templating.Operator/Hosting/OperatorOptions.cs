using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Templating.Operator.Leadership;
using Templating.Operator.Nodes;
using Templating.Operator.Settings;

namespace Templating.Operator.Hosting;

/// <summary>The operator's settings: arguments (--Name=value) or variables (TEMPLATING_OPERATOR_Name; a section's with __).</summary>
internal sealed class OperatorOptions
{
    /// <summary>The namespace of the installation: of the daemons' pods and of the lease. Default: POD_NAMESPACE, else templating-system.</summary>
    [Required]
    public string Namespace { get; set; } = Environment.GetEnvironmentVariable("POD_NAMESPACE") ?? "templating-system";

    /// <summary>Only resources of this namespace are looked at; empty, the default, for all.</summary>
    public string WatchNamespace { get; set; } = "";

    /// <summary>Tells the operators apart. Default: POD_NAME, else the machine's name.</summary>
    [Required]
    public string Identity { get; set; } = Environment.GetEnvironmentVariable("POD_NAME") ?? Environment.MachineName;

    /// <summary>A kubeconfig; null means the pod's own account, or ~/.kube/config outside of a pod.</summary>
    public string? Kubeconfig { get; set; }

    /// <summary>Where /metrics, /healthz and /readyz are served, plain HTTP.</summary>
    [Required]
    public string Listen { get; set; } = "http://0.0.0.0:8080";

    /// <summary>Text or Json.</summary>
    public LogFormat LogFormat { get; set; }

    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>How long work that is under way may take to end when the process is told to stop; default 10 s.</summary>
    [TimeRange("00:00:01", "00:05:00")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    [Required, ValidateObjectMembers]
    public NodeTls NodeTls { get; set; } = new();

    [Required, ValidateObjectMembers]
    public LeaderOptions Leader { get; set; } = new();
}

internal enum LogFormat
{
    Text,
    Json,
}
