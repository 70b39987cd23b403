using System.Collections.Concurrent;
using System.Collections.Immutable;
using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.Operator.Nodes;

/// <summary>Finds the daemons by their pods and keeps a connection to each.</summary>
internal sealed class NodeDirectory : INodeDirectory, INodeChanges, IAsyncDisposable
{
    /// <summary>The name of the daemon's port in its pod.</summary>
    public const string PortName = "grpc";

    private readonly Informer<V1Pod> _daemons;
    private readonly NodeClients _clients;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, (Uri Address, string PodUid, NodeConnection Connection)> _nodes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _closing = new();
    private readonly Lock _lock = new();
    private readonly IDisposable _subscription;
    private ImmutableList<Action<NodeChange>> _subscribers = [];
    private bool _isClosed;

    public NodeDirectory(Informer<V1Pod> daemons, NodeClients clients, TimeProvider time, ILogger<NodeDirectory> logger)
    {
        (_daemons, _clients, _time, _logger) = (daemons, clients, time, logger);
        _subscription = daemons.Subscribe((before, after) =>
        {
            foreach (var node in new[] { before?.Spec?.NodeName, after?.Spec?.NodeName }.OfType<string>().Distinct(StringComparer.Ordinal))
            {
                Update(node);
            }
        });
        foreach (var node in daemons.List().Select(pod => pod.Spec?.NodeName).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            Update(node);
        }
    }

    public IReadOnlyCollection<INode> All => [.. _nodes.Values.Select(node => node.Connection)];

    public INode? Find(string nodeName) => _nodes.TryGetValue(nodeName, out var node) ? node.Connection : null;

    public IDisposable Subscribe(Action<NodeChange> changed)
    {
        ImmutableInterlocked.Update(ref _subscribers, list => list.Add(changed));
        return new Subscription(() => ImmutableInterlocked.Update(ref _subscribers, list => list.Remove(changed)));
    }

    /// <summary>Tells those who listen to nodes of something that happened to one outside of its watches.</summary>
    public void Announce(NodeChange change)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber(change);
        }
    }

    /// <summary>Waits until each daemon known now was reached, or could not be.</summary>
    public Task WaitForFirstContactAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_nodes.Values.Select(node => node.Connection.FirstContact)).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        lock (_lock)
        {
            _isClosed = true;
            foreach (var name in _nodes.Keys)
            {
                Close(name);
            }
        }

        await Task.WhenAll(_closing.Keys);
    }

    private void Update(string node)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            var pod = _daemons.Find(Indexes.Node, node).Where(pod => AddressOf(pod) is not null)
                // The one that goes serves until its successor has an address.
                .OrderBy(pod => pod.Metadata.DeletionTimestamp is null ? 0 : 1).ThenByDescending(pod => pod.Metadata.CreationTimestamp).FirstOrDefault();
            var address = pod is null ? null : AddressOf(pod);
            var has = _nodes.TryGetValue(node, out var known);
            if (has && address == known.Address && pod!.Metadata.Uid == known.PodUid)
            {
                return;
            }

            if (has)
            {
                Log.NodeGone(_logger, node);
                Close(node);
            }

            if (address is not null)
            {
                Log.NodeFound(_logger, node, address);
                _nodes[node] = (address, pod!.Metadata.Uid, new NodeConnection(node, address, _clients, Announce, _time, _logger));
            }
        }

        Announce(new NodeChange(node, null, null));
    }

    private void Close(string node)
    {
        if (_nodes.TryRemove(node, out var known))
        {
            // Awaited when the directory closes: a connection that ends must not hold up the informer.
            var closing = known.Connection.DisposeAsync().AsTask();
            _closing[closing] = true;
            _ = closing.ContinueWith(task => _closing.TryRemove(task, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private static Uri? AddressOf(V1Pod pod)
    {
        if (pod.Status?.PodIP is not { Length: > 0 } ip || pod.IsOver())
        {
            return null;
        }

        var port = pod.Spec.Containers.SelectMany(container => container.Ports ?? []).FirstOrDefault(port => port.Name == PortName);
        return port is null ? null : new UriBuilder(Uri.UriSchemeHttps, ip, port.ContainerPort).Uri;
    }
}
