using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Templating.Testing.Kubernetes;

/// <summary>
/// The gRPC server of one or more stand-ins of daemons, with mutual TLS, each on an address of loopback of its own and all on
/// one port, as pods of a DaemonSet have it: the address that was called tells which node answers.
/// </summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedServer(WebApplication app) => _app = app;

    public int Port { get; private set; }

    /// <param name="nodes">By their addresses, of which there may be only one for port 0.</param>
    /// <param name="port">0 for a free one.</param>
    /// <param name="certificate">The daemons', with its key.</param>
    /// <param name="authorityPem">Vouches for their clients.</param>
    /// <param name="cancellationToken">Stops starting.</param>
    public static async Task<ScriptedServer> StartAsync(
        IReadOnlyDictionary<IPAddress, ScriptedNode> nodes, int port, X509Certificate2 certificate, string authorityPem,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "scripted-nodes" });
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Func<ServerCallContext, ScriptedNode>>(context => nodes[context.GetHttpContext().Connection.LocalIpAddress!]);
        builder.Services.AddSingleton<ScriptedTemplates>();
        builder.Services.AddSingleton<ScriptedPods>();
        builder.Services.AddSingleton<ScriptedNodeInfo>();
        var tls = Tls(certificate, authorityPem);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            foreach (var address in nodes.Keys)
            {
                kestrel.Listen(address, port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseHttps(tls);
                });
            }
        });
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<ScriptedTemplates>();
        app.MapGrpcService<ScriptedPods>();
        app.MapGrpcService<ScriptedNodeInfo>();
        await app.StartAsync(cancellationToken);
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new ScriptedServer(app) { Port = new Uri(addresses.First()).Port };
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static HttpsConnectionAdapterOptions Tls(X509Certificate2 certificate, string authorityPem)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(authorityPem);
        return new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate,
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

    private sealed class ScriptedNodeInfo(Func<ServerCallContext, ScriptedNode> nodes) : V1.NodeService.NodeServiceBase
    {
        public override Task<V1.Node> GetNode(V1.GetNodeRequest request, ServerCallContext context) => Task.FromResult(nodes(context).Info);
    }
}
