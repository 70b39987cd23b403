using System.Diagnostics;
using Templating.Api.Client;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Calls;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Telemetry;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>
/// Builds under way: minutes long, so no worker waits for them. When one makes a step or ends, its template is looked at
/// again. Whether a build that is done was a success is not remembered here: the node's watch tells what it has.
/// </summary>
internal sealed class Builds(Action<NodeChange> announce, OperatorMetrics metrics, TimeProvider time, ILogger<Builds> logger) : IAsyncDisposable
{
    // Each node builds one at a time; this bounds what a change of many templates does to a registry of images and to us.
    private const int MaxAtOnce = 32;

    private static readonly Backoff Retries = new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Node, ObjectKey Template), Build> _builds = [];
    private readonly SemaphoreSlim _limit = new(MaxAtOnce);
    private readonly CancellationTokenSource _stop = new();

    public BuildState? Find(string node, ObjectKey template)
    {
        lock (_lock)
        {
            return _builds.TryGetValue((node, template), out var build) ? build.State : null;
        }
    }

    /// <summary>Begins a build unless one of this template runs on that node.</summary>
    public void Start(INode node, ObjectKey template, string revision, CreateTemplateRequest request)
    {
        lock (_lock)
        {
            var key = (node.Name, template);
            var before = _builds.GetValueOrDefault(key);
            if (before is { State.IsRunning: true } || _stop.IsCancellationRequested)
            {
                return;
            }

            var same = before?.State.RequestId == request.RequestId ? before.State : null;
            var build = new Build(new BuildState(revision, request.RequestId, true, "", null, same?.Failures ?? 0, default, same?.Failure), CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
            _builds[key] = build;
            build.Run = Task.Run(() => RunAsync(node, template, request, build), CancellationToken.None);
        }
    }

    /// <summary>Ends what is built of a template on a node, and forgets how it went before.</summary>
    /// <returns>Whether something still runs; its end is announced.</returns>
    public bool Cancel(string node, ObjectKey template)
    {
        Build? build;
        lock (_lock)
        {
            if (!_builds.TryGetValue((node, template), out build))
            {
                return false;
            }

            if (!build.State.IsRunning)
            {
                _builds.Remove((node, template));
                return false;
            }
        }

        build.Cancel();
        return true;
    }

    /// <returns>Whether something still runs on any node.</returns>
    public bool CancelAll(ObjectKey template)
    {
        List<string> nodes;
        lock (_lock)
        {
            nodes = [.. _builds.Keys.Where(key => key.Template == template).Select(key => key.Node)];
        }

        var isRunning = false;
        nodes.ForEach(node => isRunning |= Cancel(node, template));
        return isRunning;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        List<Task> running;
        lock (_lock)
        {
            running = [.. _builds.Values.Select(build => build.Run)];
        }

        await Task.WhenAll(running);
        _stop.Dispose();
        _limit.Dispose();
    }

    private async Task RunAsync(INode node, ObjectKey template, CreateTemplateRequest request, Build build)
    {
        using var activity = OperatorTelemetry.Source.StartActivity("build", ActivityKind.Internal, parentContext: default);
        activity?.SetTag("templating.template", template.ToString()).SetTag("templating.node", node.Name);
        var began = time.GetTimestamp();
        var outcome = "cancelled";
        BuildFailure? failure = null;
        try
        {
            await _limit.WaitAsync(build.Token);
            try
            {
                Log.BuildBegins(logger, template, build.State.Revision, node.Name);
                await node.CreateTemplateAsync(request, new Steps(step => Step(node.Name, template, build, step.Phase)), build.Token);
                Log.Built(logger, template, build.State.Revision, node.Name, time.GetElapsedTime(began).TotalSeconds);
                outcome = "ok";
            }
            finally
            {
                _limit.Release();
            }
        }
        catch (OperationCanceledException) when (build.Token.IsCancellationRequested)
        {
            // Told to: nothing of it stays on the node.
        }
        catch (TemplatingClientException e)
        {
            failure = BuildFailures.From(e);
        }
#pragma warning disable CA1031 // Nobody awaits this task for its outcome: whatever it was is told in the template's status.
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = new BuildFailure(Reasons.BuildFailed, e.Message);
        }

        if (failure is not null)
        {
            outcome = "failed";
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            Log.BuildFailed(logger, template, build.State.Revision, node.Name, failure.Reason, failure.Message);
        }

        metrics.Built(time.GetElapsedTime(began), outcome);
        End(node.Name, template, build, failure);
    }

    private void Step(string node, ObjectKey template, Build build, string phase)
    {
        lock (_lock)
        {
            if (build.State.Phase == phase)
            {
                return;
            }

            build.State = build.State with { Phase = phase };
        }

        Announce(node, template, build.State.Revision);
    }

    private void End(string node, ObjectKey template, Build build, BuildFailure? failure)
    {
        lock (_lock)
        {
            var failures = build.State.Failures + 1;
            if (failure is null)
            {
                _builds.Remove((node, template));
            }
            else
            {
                build.State = build.State with { IsRunning = false, Failure = failure, Failures = failures, RetryAt = time.Steady() + Retries.Delay(failures) };
            }
        }

        Announce(node, template, build.State.Revision);
        build.Dispose();
    }

    private void Announce(string node, ObjectKey template, string revision) => announce(new NodeChange(
        node, new Template { Tenant = template.Namespace, Template_ = NodeTemplates.Join(template.Name, revision) }, null));

    /// <summary>Not Progress of the framework, which calls back in any order.</summary>
    private sealed class Steps(Action<CreateTemplateResponse> report) : IProgress<CreateTemplateResponse>
    {
        public void Report(CreateTemplateResponse value) => report(value);
    }

    private sealed class Build(BuildState state, CancellationTokenSource cancel) : IDisposable
    {
        private readonly Lock _lock = new();
        private bool _isDisposed;

        public BuildState State { get; set; } = state;

        public Task Run { get; set; } = Task.CompletedTask;

        public CancellationToken Token { get; } = cancel.Token;

        public void Cancel()
        {
            lock (_lock)
            {
                if (!_isDisposed)
                {
                    // Not in this thread: what listens to it may take a while.
                    _ = cancel.CancelAsync();
                }
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _isDisposed = true;
                cancel.Dispose();
            }
        }
    }
}
