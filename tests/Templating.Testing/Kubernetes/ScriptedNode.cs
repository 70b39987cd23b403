using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

/// <summary>
/// A node's daemon as the operator sees it, and no VM behind it: its templates and VM pods, which a <see cref="ScriptedServer"/>
/// tells of. A test scripts what builds and activations do.
/// </summary>
public sealed class ScriptedNode(string name) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private ScriptedServer? _server;
    private X509Certificate2? _certificate;
    private int _revisions;

    public string Name => name;

    public int Port => _server?.Port ?? throw new InvalidOperationException($"'{name}' has no server of its own.");

    /// <summary>What a build does; returning makes it a success, throwing what <see cref="NodeRefusals"/> make a refusal.</summary>
    public Func<CreateTemplateRequest, CancellationToken, Task> OnBuild { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Comes before an activation does anything; throwing what <see cref="NodeRefusals"/> make refuses it.</summary>
    public Func<ActivatePodRequest, Task> BeforeActivation { get; set; } = _ => Task.CompletedTask;

    /// <summary>What an activation does before the VM is ready.</summary>
    public Func<ActivatePodRequest, CancellationToken, Task> OnActivate { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Told once of each VM that became ready.</summary>
    public Action<VmPod> OnReady { get; set; } = _ => { };

    /// <summary>Builds that were asked for, joined ones too.</summary>
    public ConcurrentQueue<CreateTemplateRequest> Builds { get; } = new();

    /// <summary>Activations that were asked for, retries too.</summary>
    public ConcurrentQueue<ActivatePodRequest> Activations { get; } = new();

    /// <summary>Names of node templates (NAME-REVISION) that were deleted.</summary>
    public ConcurrentQueue<string> Deleted { get; } = new();

    public Node Info { get; } = new() { Version = "test", QemuVersion = "10.0.2", MachineType = "pc-q35-10.0", Accelerator = Accelerator.Tcg };

    public IReadOnlyList<Template> Templates => TemplateHub.All;

    public IReadOnlyList<VmPod> Pods => PodHub.All;

    internal WatchHub<Template> TemplateHub { get; } = new();

    internal WatchHub<VmPod> PodHub { get; } = new();

    /// <summary>With a server of its own, on a free port of loopback.</summary>
    /// <param name="name">The Kubernetes node it stands for.</param>
    /// <param name="authority">Issues its certificate (templating-node) and vouches for its clients.</param>
    public static async Task<ScriptedNode> StartAsync(string name, TestAuthority authority)
    {
        ArgumentNullException.ThrowIfNull(authority);
        var (certificate, key) = authority.Issue("templating-node-" + name, "templating-node");
        var node = new ScriptedNode(name) { _certificate = X509Certificate2.CreateFromPemFile(certificate, key) };
        node._server = await ScriptedServer.StartAsync(
            new Dictionary<IPAddress, ScriptedNode> { [IPAddress.Loopback] = node }, 0, node._certificate, authority.CertificatePem);
        return node;
    }

    /// <summary>A revision that is there, as after a build; the newest of all.</summary>
    public Template AddTemplate(string tenant, string nodeTemplate, TemplateState state = TemplateState.Ready)
    {
        var number = Interlocked.Increment(ref _revisions);
        var digest = number.ToString("x32", CultureInfo.InvariantCulture);
        var template = new Template
        {
            Name = $"tenants/{tenant}/templates/{nodeTemplate}/revisions/{digest}",
            Tenant = tenant,
            Template_ = nodeTemplate,
            Revision = digest,
            State = state,
            AllocatedBytes = 1 << 20,
            Agent = "templating",
            // Whole seconds apart, so that no clock's grain makes two the same age.
            CreateTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddYears(50).AddSeconds(number)),
        };
        TemplateHub.Set(template.Name, template);
        return template;
    }

    public void SetTemplateState(Template template, TemplateState state, string reason)
    {
        ArgumentNullException.ThrowIfNull(template);
        var changed = template.Clone();
        (changed.State, changed.StateReason) = (state, reason);
        TemplateHub.Set(changed.Name, changed);
    }

    /// <summary>A VM pod whose volume was published, or what became of it since.</summary>
    public void SetPod(VmPod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        PodHub.Set(pod.PodUid, pod);
    }

    public VmPod? FindPod(string uid) => PodHub.Find(uid);

    public bool RemovePod(string uid) => PodHub.Remove(uid);

    /// <summary>Ends all watches; their clients come again.</summary>
    public void BreakWatches()
    {
        TemplateHub.EndWatches();
        PodHub.EndWatches();
    }

    public async ValueTask DisposeAsync()
    {
        BreakWatches();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _certificate?.Dispose();
    }

    /// <summary>A waiting VM is given once; a retry of the same request gets what the first got.</summary>
    internal async Task<VmPod> ActivateAsync(ActivatePodRequest request, CancellationToken cancellationToken)
    {
        Activations.Enqueue(request);
        await BeforeActivation(request);
        var activation = request.Activation;
        lock (_lock)
        {
            var pod = Named(request.Name);
            if (pod.RequestId == activation.RequestId && pod.State == PodState.Ready)
            {
                return pod;
            }

            if (pod.State != PodState.Waiting && pod.RequestId != activation.RequestId)
            {
                throw NodeRefusals.Make(StatusCode.FailedPrecondition, "ILLEGAL_STATE", $"'{request.Name}' is {pod.State}; only one that waits can be activated.");
            }

            Change(pod, changed => (changed.State, changed.Id, changed.RequestId) = (PodState.Activating, activation.Id, activation.RequestId));
        }

        await OnActivate(request, cancellationToken);
        VmPod ready;
        lock (_lock)
        {
            var pod = Named(request.Name);
            if (pod.State == PodState.Ready)
            {
                return pod;
            }

            ready = Change(pod, changed => Confirm(changed, activation));
        }

        OnReady(ready);
        return ready;
    }

    internal VmPod Named(string pod) => PodHub.Find(pod.Split('/')[^1])
        ?? throw NodeRefusals.Make(StatusCode.NotFound, "CLONE_NOT_FOUND", $"There is no '{pod}'.");

    private static void Confirm(VmPod pod, Activation activation)
    {
        pod.State = PodState.Ready;
        pod.ReadyTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
        pod.Identity = new Identity { Hostname = activation.Hostname.Length > 0 ? activation.Hostname : activation.Id, MachineId = pod.PodUid.Replace("-", "", StringComparison.Ordinal) };
        pod.Phases.Add(new Phase { Name = "identity", Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(5)) });
    }

    private VmPod Change(VmPod pod, Action<VmPod> change)
    {
        // Watchers may still be sending the one before.
        var changed = pod.Clone();
        change(changed);
        PodHub.Set(changed.PodUid, changed);
        return changed;
    }
}
