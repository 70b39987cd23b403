using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Templating.Node.Options;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Authorization;

public sealed class TlsTests : IAsyncLifetime
{
    private readonly Certificates _authority = new();
    private readonly List<string> _seenServers = [];
    private TestDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await TestDaemon.StartAsync((options, folder) =>
    {
        _authority.WriteServerFiles(folder, "first");
        options.Tcp = new TcpOptions
        {
            Address = $"127.0.0.1:{FreePort()}",
            CertificatePath = Path.Combine(folder, "server.crt"),
            KeyPath = Path.Combine(folder, "server.key"),
            ClientCaPath = Path.Combine(folder, "clients.crt"),
        };
    });

    public async Task DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task ACertificateActsForTheTenantsItNames()
    {
        var clones = Connect(_authority.Client("shim", "templating://tenants/a"));

        (await clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/a" })).Clones.ShouldBeEmpty();
        (await Errors.FailureOf(async () => await clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/b" })))
            .StatusCode.ShouldBe(StatusCode.PermissionDenied);
    }

    [Fact]
    public async Task TenantsNeitherSeeNorReachOneAnother()
    {
        await _daemon.BuildAsync("a");
        await _daemon.BuildAsync("b");
        var a = Connect(_authority.Client("a", "templating://tenants/a"));
        var b = Connect(_authority.Client("b", "templating://tenants/b"));
        var clone = await a.CreateCloneAsync(new CreateCloneRequest { Spec = new CloneSpec { Template = "tenants/a/templates/t" } });

        (await b.ListClonesAsync(new ListClonesRequest { Parent = "tenants/-" })).Clones.ShouldBeEmpty();
        (await a.ListClonesAsync(new ListClonesRequest { Parent = "tenants/-" })).Clones.Single().Name.ShouldBe(clone.Name);
        var there = await Errors.FailureOf(async () => await b.GetCloneAsync(new GetCloneRequest { Name = clone.Name }));
        var nowhere = await Errors.FailureOf(async () => await b.GetCloneAsync(new GetCloneRequest { Name = "tenants/a/clones/none" }));
        there.Status.ShouldBe(nowhere.Status);
        there.GetRpcStatus().ShouldBe(nowhere.GetRpcStatus());
        (await Errors.FailureOf(async () => await b.CreateCloneAsync(
            new CreateCloneRequest { Spec = new CloneSpec { Template = "tenants/a/templates/t" } }))).StatusCode.ShouldBe(StatusCode.PermissionDenied);
    }

    [Fact]
    public async Task ACertificateOfAStrangerIsNotLetIn()
    {
        using var stranger = new Certificates();
        var clones = Connect(stranger.Client("shim", "templating://tenants/*"));

        (await Errors.FailureOf(async () => await clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/a" })))
            .StatusCode.ShouldBeOneOf(StatusCode.Unavailable, StatusCode.Internal);
    }

    [Fact]
    public async Task AServersCertificateIsNotAClients() =>
        (await Errors.FailureOf(async () => await Connect(_authority.Server("server")).ListClonesAsync(new ListClonesRequest { Parent = "tenants/-" })))
            .StatusCode.ShouldBeOneOf(StatusCode.Unavailable, StatusCode.Internal);

    [Fact]
    public async Task NoCertificateIsNotLetIn() =>
        (await Errors.FailureOf(async () => await Connect(client: null).ListClonesAsync(new ListClonesRequest { Parent = "tenants/-" })))
            .StatusCode.ShouldBeOneOf(StatusCode.Unavailable, StatusCode.Internal);

    [Fact]
    public async Task ANewCertificateIsShownWithoutARestartAndABrokenOneIsNot()
    {
        using var client = _authority.Client("shim", "templating://tenants/a");
        await Connect(client).ListClonesAsync(new ListClonesRequest { Parent = "tenants/a" });
        _authority.WriteServerFiles(_daemon.Folder, "second");
        await Connect(client).ListClonesAsync(new ListClonesRequest { Parent = "tenants/a" });
        await File.WriteAllTextAsync(Path.Combine(_daemon.Folder, "server.crt"), "no certificate");
        await Connect(client).ListClonesAsync(new ListClonesRequest { Parent = "tenants/a" });

        _seenServers.ShouldBe(["CN=first", "CN=second", "CN=second"]);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private CloneService.CloneServiceClient Connect(X509Certificate2? client)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority.Certificate);
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = client is null ? null : [client],
                CertificateChainPolicy = policy,
                RemoteCertificateValidationCallback = (_, server, _, errors) =>
                {
                    _seenServers.Add(server!.Subject);
                    return errors == SslPolicyErrors.None;
                },
            },
        };
        return new CloneService.CloneServiceClient(_daemon.Open($"https://{_daemon.Options.Tcp!.Address}", handler));
    }
}
