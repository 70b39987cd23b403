namespace Templating.Operator.Cluster;

/// <summary>What a listener disposes of to hear no more.</summary>
internal sealed class Subscription(Action end) : IDisposable
{
    public void Dispose() => end();
}
