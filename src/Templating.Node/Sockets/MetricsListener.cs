namespace Templating.Node.Sockets;

/// <summary>Marks connections of the metrics listener: they get metrics and nothing else, and nobody else gets metrics.</summary>
internal sealed class MetricsListener
{
    private MetricsListener()
    {
    }

    public static MetricsListener Instance { get; } = new();
}
