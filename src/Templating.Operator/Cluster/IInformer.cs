namespace Templating.Operator.Cluster;

/// <summary>An informer without its kind.</summary>
internal interface IInformer
{
    string Kind { get; }

    /// <summary>Whether its first list is in.</summary>
    bool IsSynced { get; }

    int Count { get; }

    Task WaitForSyncAsync(CancellationToken cancellationToken);

    /// <summary>Until cancelled; faults of the API server are retried.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
