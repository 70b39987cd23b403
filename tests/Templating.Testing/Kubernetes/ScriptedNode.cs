using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

/// <summary>
/// A node's daemon as the operator sees it: its gRPC services with mutual TLS on a port of loopback, and no VM behind them.
/// A test scripts what builds and activations do.
/// </summary>
public sealed class ScriptedNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _revisions;

    private ScriptedNode(string name, WebApplication app) => (Name, _app) = (name, app);

    public string Name { get; }

    public int Port { get; private set; }

    /// <summary>What a build does; returning makes it a success, throwing what <see cref="NodeRefusals"/> make a refusal.</summary>
    public Func<CreateTemplateRequest, CancellationToken, Task> OnBuild { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What an activation does before the VM is ready.</summary>
    public Func<ActivatePodRequest, CancellationToken, Task> OnActivate { get; set; } = (_, _) => Task.CompletedTask;

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

    /// <param name="name">The Kubernetes node it stands for.</param>
    /// <param name="authority">Issues its certificate (templating-node) and vouches for its clients.</param>
    public static async Task<ScriptedNode> StartAsync(string name, TestAuthority authority)
    {
        var (certificate, key) = authority.Issue("templating-node-" + name, "templating-node");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "scripted-node" });
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<ScriptedTemplates>();
        builder.Services.AddSingleton<ScriptedPods>();
        builder.Services.AddSingleton<ScriptedNodeInfo>();
        ScriptedNode node = null!;
        builder.Services.AddSingleton(_ => node);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(Tls(certificate, key, authority.CertificatePem));
        }));
        var app = builder.Build();
        node = new ScriptedNode(name, app);
        app.UseRouting();
        app.MapGrpcService<ScriptedTemplates>();
        app.MapGrpcService<ScriptedPods>();
        app.MapGrpcService<ScriptedNodeInfo>();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        node.Port = new Uri(address).Port;
        return node;
    }

    /// <summary>A revision that is there, as after a build; the newest of all.</summary>
    public Template AddTemplate(string tenant, string nodeTemplate, TemplateState state = TemplateState.Ready)
    {
        var number = Interlocked.Increment(ref _revisions);
        var digest = number.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
        var template = new Template
        {
            Name = $"tenants/{tenant}/templates/{nodeTemplate}/revisions/{digest}",
            Tenant = tenant,
            Template_ = nodeTemplate,
            Revision = digest,
            State = state,
            AllocatedBytes = 1 << 20,
            // Whole seconds apart, so that no clock's grain makes two the same age.
            CreateTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddYears(50).AddSeconds(number)),
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
        await _app.DisposeAsync();
    }

    private static HttpsConnectionAdapterOptions Tls(string certificate, string key, string authority)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(authority);
        return new HttpsConnectionAdapterOptions
        {
            ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, key),
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (presented, _, _) =>
            {
                using var chain = new X509Chain();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                chain.ChainPolicy.CustomTrustStore.AddRange(roots);
                return presented.GetNameInfo(X509NameType.SimpleName, forIssuer: false) == "templating-operator" && chain.Build(presented);
            },
        };
    }
}
