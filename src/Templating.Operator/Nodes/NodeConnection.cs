using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Kubernetes.Calls;
using Templating.V1;

namespace Templating.Operator.Nodes;

/// <summary>One daemon: two watches that are begun again whenever they end, and what the node says of itself now and then.</summary>
internal sealed class NodeConnection : INode, IAsyncDisposable
{
    private static readonly TimeSpan InfoEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);
    private static readonly Backoff Reconnects = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    private readonly Uri _address;
    private readonly NodeClients _clients;
    private readonly Action<NodeChange> _changed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Mirror<Template> _templates;
    private readonly Mirror<VmPod> _pods;
    private readonly SemaphoreSlim _builds = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _firstContact = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;
    private volatile SharedClient? _client;

    public NodeConnection(string name, Uri address, NodeClients clients, Action<NodeChange> changed, TimeProvider time, ILogger logger)
    {
        (Name, _address, _clients, _changed, _time, _logger) = (name, address, clients, changed, time, logger);
        _templates = new(template => template.Name, template => changed(new NodeChange(name, template, null)));
        _pods = new(pod => pod.PodUid, pod => changed(new NodeChange(name, null, pod)));
        _run = Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);
    }

    public string Name { get; }

    public bool Synced => _templates.Synced && _pods.Synced;

    public string? Problem { get; private set; } = "It was not reached yet.";

    public Node? Info { get; private set; }

    public IReadOnlyCollection<Template> Templates => _templates.All;

    public IReadOnlyCollection<VmPod> Pods => _pods.All;

    /// <summary>Done when it was reached, or could not be, for the first time.</summary>
    public Task FirstContact => _firstContact.Task;

    public VmPod? FindPod(string uid) => _pods.Find(uid);

    public Task<VmPod> ActivateAsync(ActivatePodRequest request, CancellationToken cancellationToken) =>
        UseAsync(async client => await client.Pods.ActivatePodAsync(request, cancellationToken: cancellationToken));

    public async Task<Template> CreateTemplateAsync(
        CreateTemplateRequest request, IProgress<CreateTemplateResponse>? progress, CancellationToken cancellationToken)
    {
        await _builds.WaitAsync(cancellationToken);
        try
        {
            return await UseAsync(async client =>
            {
                using var call = client.Templates.CreateTemplate(request, cancellationToken: cancellationToken);
                await foreach (var step in call.ResponseStream.ReadAllAsync(cancellationToken))
                {
                    if (step.Template is { } template)
                    {
                        await AwaitToldAsync(template, cancellationToken);
                        return template;
                    }

                    progress?.Report(step);
                }

                throw new TemplatingClientException(StatusCode.Internal, $"Node '{Name}' ended the build without a word.");
            });
        }
        finally
        {
            _builds.Release();
        }
    }

    public Task DeleteTemplateAsync(DeleteTemplateRequest request, CancellationToken cancellationToken) =>
        UseAsync(async client => await client.Templates.DeleteTemplateAsync(
            request, deadline: _time.GetUtcNow().UtcDateTime + CallTimeout, cancellationToken: cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _firstContact.TrySetResult();
        _stop.Dispose();
    }

    /// <summary>
    /// The watch and the call are two streams. Who asked for the build is to find it among <see cref="Templates"/> afterwards,
    /// or would have it built again.
    /// </summary>
    private async Task AwaitToldAsync(Template template, CancellationToken cancellationToken)
    {
        try
        {
            await _templates.WaitForAsync(template.Name, CallTimeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The watch is broken, or the template was deleted meanwhile: what the next watch tells is what counts.
        }
    }

    private async Task<T> UseAsync<T>(Func<TemplatingClient, Task<T>> call)
    {
        var client = _client;
        if (client is null || !client.TryUse())
        {
            throw new TemplatingClientException(StatusCode.Unavailable, $"Node '{Name}' cannot be reached: {Problem ?? "it is being connected."}");
        }

        try
        {
            return await call(client.Client);
        }
        finally
        {
            client.EndUse();
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = _time.GetTimestamp();
            try
            {
                await ConnectedAsync(cancellationToken);
                failures = 0;
                continue;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever ended it (a refused certificate, a file half written): it is said, and tried again.
            catch (Exception e)
#pragma warning restore CA1031
            {
                // A connection that held for a while was a good one.
                failures = _time.GetElapsedTime(began) > TimeSpan.FromMinutes(1) ? 1 : failures + 1;
                Problem = e.Message;
                Log.NodeLost(_logger, Name, failures, e.Message);
                _firstContact.TrySetResult();
                _changed(new NodeChange(Name, null, null));
            }

            await Task.Delay(Reconnects.Delay(failures), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns when the certificates changed; throws when the connection broke.</summary>
    private async Task ConnectedAsync(CancellationToken cancellationToken)
    {
        var stamp = await _clients.StampAsync(cancellationToken);
        using var client = _clients.Open(_address);
        _client = client;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task[] all = [WatchTemplatesAsync(client.Client, ended.Token), WatchPodsAsync(client.Client, ended.Token), AskAsync(client.Client, stamp, ended.Token)];
            var first = await Task.WhenAny(all);
            await ended.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        finally
        {
            _client = null;
            _templates.End();
            _pods.End();
        }
    }

    private Task WatchTemplatesAsync(TemplatingClient client, CancellationToken cancellationToken) => WatchAsync(
        "templates", _templates, () => client.Templates.WatchTemplates(new WatchTemplatesRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken),
        change => (change.Type, change.Template), cancellationToken);

    private Task WatchPodsAsync(TemplatingClient client, CancellationToken cancellationToken) => WatchAsync(
        "pods", _pods, () => client.Pods.WatchPods(new WatchPodsRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken),
        change => (change.Type, change.Pod), cancellationToken);

    private async Task WatchAsync<T, TResponse>(
        string what, Mirror<T> mirror, Func<AsyncServerStreamingCall<TResponse>> open, Func<TResponse, (ChangeType Type, T? Item)> read,
        CancellationToken cancellationToken)
        where T : class, IMessage
    {
        mirror.Begin();
        using var call = open();
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            var (type, item) = read(response);
            if (mirror.Take(type, item))
            {
                TellSynced();
            }
        }

        throw new TemplatingClientException(StatusCode.Unavailable, $"The daemon ended the watch of {what}.");
    }

    private async Task AskAsync(TemplatingClient client, string stamp, CancellationToken cancellationToken)
    {
        do
        {
            Info = await client.Node.GetNodeAsync(
                new GetNodeRequest(), deadline: _time.GetUtcNow().UtcDateTime + CallTimeout, cancellationToken: cancellationToken);
            await Task.Delay(InfoEvery, _time, cancellationToken);
        }
        while (string.Equals(await _clients.StampAsync(cancellationToken), stamp, StringComparison.Ordinal));
        Log.CertificatesChanged(_logger, Name);
    }

    private void TellSynced()
    {
        if (Synced)
        {
            Problem = null;
            Log.NodeSynced(_logger, Name, _templates.All.Count, _pods.All.Count);
            _firstContact.TrySetResult();
            _changed(new NodeChange(Name, null, null));
        }
    }
}
