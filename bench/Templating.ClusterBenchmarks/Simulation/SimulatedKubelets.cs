using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Contract;
using Templating.Kubernetes;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>
/// Stands for the scheduler and the kubelets of all nodes: binds each VM pod to the next node, has its volume published,
/// tells that it runs and, once its VM is activated, that it is ready; removes it when it is deleted. Four writes for a
/// pod's life until it is ready, as real ones make, in the least time they can be made.
/// </summary>
internal sealed class SimulatedKubelets : IAsyncDisposable
{
    /// <summary>As many as nodes there usually are: kubelets do not wait for each other.</summary>
    private const int Workers = 100;

    private const string ReadyStatus =
        """{"status":{"conditions":[{"type":"PodScheduled","status":"True"},{"type":"Initialized","status":"True"},{"type":"ContainersReady","status":"True"},{"type":"Ready","status":"True"}]}}""";

    private readonly CancellationTokenSource _end = new();
    private readonly Channel<Func<CancellationToken, Task>> _work = Channel.CreateUnbounded<Func<CancellationToken, Task>>();
    private readonly ConcurrentDictionary<string, string> _placed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _removed = new(StringComparer.Ordinal);
    private readonly SimulatedNodes _nodes;
    private readonly RawWrites _writes;
    private readonly string _namespace;
    private readonly ObjectWatch<PodView> _pods;
    private readonly Task _working;
    private int _next;

    public SimulatedKubelets(ClusterClient client, KubernetesApi connection, SimulatedNodes nodes, string @namespace)
    {
        (_nodes, _writes, _namespace) = (nodes, new RawWrites(connection), @namespace);
        _nodes.Activated = OnActivated;
        _working = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync()));
        _pods = new ObjectWatch<PodView>(client.WatchedPods, @namespace, See);
    }

    public IReadOnlyList<PodView> Pods => _pods.All;

    public TimeSpan Quiet => _pods.Quiet;

    /// <summary>Ends with what went wrong, should anything.</summary>
    public Task Completion => _working;

    public async ValueTask DisposeAsync()
    {
        _nodes.Activated = null;
        await _pods.DisposeAsync();
        await _end.CancelAsync();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    /// <summary>
    /// Stands for the garbage collector, which deletes what belonged to an object that is gone. Where nobody does the operator itself comes to it, in time.
    /// </summary>
    /// <param name="pod">Of that object; null where it had none.</param>
    public void Collect(string? pod)
    {
        if (pod is not null)
        {
            _work.Writer.TryWrite(token => _writes.DeleteAsync(PathOf(pod), token));
        }
    }

    private void See(PodView pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            if (_removed.TryAdd(pod.Metadata.Uid, true))
            {
                _work.Writer.TryWrite(token => RemoveAsync(pod, token));
            }
        }
        else if (string.IsNullOrEmpty(pod.Spec?.NodeName) && _placed.TryAdd(pod.Metadata.Uid, pod.Metadata.Name))
        {
            _work.Writer.TryWrite(token => StartAsync(pod, token));
        }
    }

    private async Task StartAsync(PodView pod, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _next);
        var node = _nodes.All[number % _nodes.All.Count];
        var (name, uid) = (pod.Metadata.Name, pod.Metadata.Uid);
        await _writes.PostAsync(
            $"{PathOf(name)}/binding",
            $$$"""{"apiVersion":"v1","kind":"Binding","metadata":{"name":"{{{name}}}"},"target":{"apiVersion":"v1","kind":"Node","name":"{{{node.Name}}}"}}""",
            cancellationToken);
        var labels = pod.Metadata.Labels;
        node.Publish(_namespace, name, uid, NodeTemplates.Join(labels[Keys.TemplateLabel], labels[Keys.RevisionLabel]));
        await _writes.MergeAsync($"{PathOf(name)}/status", RunningStatus(number, node), cancellationToken);
        await node.RestoreAsync(uid, cancellationToken);
    }

    private void OnActivated(string uid)
    {
        if (_placed.TryGetValue(uid, out var name))
        {
            _work.Writer.TryWrite(token => _writes.MergeAsync($"{PathOf(name)}/status", ReadyStatus, token));
        }
    }

    private async Task RemoveAsync(PodView pod, CancellationToken cancellationToken)
    {
        _nodes.All.FirstOrDefault(n => n.Name == pod.Spec?.NodeName)?.Daemon.RemovePod(pod.Metadata.Uid);
        await _writes.DeleteAsync(PathOf(pod.Metadata.Name), cancellationToken);
    }

    private static string RunningStatus(int number, SimulatedNode node)
    {
        var ip = string.Create(CultureInfo.InvariantCulture, $"10.{64 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}");
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return $$$"""
            {"status":{"phase":"Running","hostIP":"{{{node.Address}}}","podIP":"{{{ip}}}","podIPs":[{"ip":"{{{ip}}}"}],"startTime":"{{{now}}}",
            "conditions":[{"type":"PodScheduled","status":"True"},{"type":"Initialized","status":"True"},{"type":"ContainersReady","status":"False"},{"type":"Ready","status":"False"}],
            "containerStatuses":[{"name":"vm","ready":false,"started":true,"restartCount":0,"image":"simulated","imageID":"simulated","state":{"running":{"startedAt":"{{{now}}}"} } } ] } }
            """;
    }

    private string PathOf(string pod) => $"api/v1/namespaces/{_namespace}/pods/{pod}";

    private async Task WorkAsync()
    {
        try
        {
            await foreach (var work in _work.Reader.ReadAllAsync(_end.Token))
            {
                await work(_end.Token);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Over.
        }
        catch (Exception)
        {
            // One kubelet that does nothing would let the run hang.
            await _end.CancelAsync();
            throw;
        }
    }
}
