using System.Net.Sockets;
using Grpc.Core;
using Grpc.Health.V1;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Authorization;

public sealed class UnixCallerTests
{
    private const uint Stranger = 65_533;

    [RootFact]
    public async Task AnotherUserDoesNotGetPastTheSocketsMode()
    {
        await using var daemon = await TestDaemon.StartAsync();

        Should.Throw<SocketException>(() => TestSockets.ConnectAs(Stranger, Stranger, daemon.Options.EffectiveSocketPath))
            .SocketErrorCode.ShouldBe(SocketError.AccessDenied);
    }

    [RootFact]
    public async Task AnotherUserWhoMayConnectMayActForNobodyButAskForHealthAndTheNode()
    {
        await using var daemon = await TestDaemon.StartAsync((options, _) => options.SocketMode = "0666");
        await daemon.BuildAsync();
        var channel = daemon.Connect(() => TestSockets.ConnectAs(Stranger, Stranger, daemon.Options.EffectiveSocketPath));
        var templates = new TemplateService.TemplateServiceClient(channel);
        var node = new NodeService.NodeServiceClient(channel);

        (await Errors.FailureOf(async () => await templates.GetTemplateAsync(new GetTemplateRequest { Name = "tenants/a/templates/t" })))
            .Info().Reason.ShouldBe("PERMISSION_DENIED");
        (await Errors.FailureOf(async () => await templates.ListTemplatesAsync(new ListTemplatesRequest { Parent = "tenants/-" })))
            .Info().Reason.ShouldBe("PERMISSION_DENIED");
        (await Errors.FailureOf(() => templates.WatchTemplates(new WatchTemplatesRequest { Parent = "tenants/-" }).ResponseStream.MoveNext()))
            .Info().Reason.ShouldBe("PERMISSION_DENIED");
        (await Errors.FailureOf(async () => await node.CollectGarbageAsync(new CollectGarbageRequest()))).StatusCode.ShouldBe(StatusCode.PermissionDenied);
        (await node.GetNodeAsync(new GetNodeRequest())).QemuVersion.ShouldBe("10.0.2 (Fake)");
        (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest())).Status
            .ShouldBe(HealthCheckResponse.Types.ServingStatus.Serving);
    }

    [RootFact]
    public async Task APolicyFileGrantsATenantToAUserAndAChangedOneTakesItBack()
    {
        await using var daemon = await TestDaemon.StartAsync((options, folder) =>
        {
            options.SocketMode = "0666";
            options.PolicyPath = Path.Combine(folder, "policy.json");
            File.WriteAllText(options.PolicyPath, $$"""{ "version": 1, "rules": [ { "uid": {{Stranger}}, "tenants": ["a"] } ] }""");
        });
        var clones = new CloneService.CloneServiceClient(
            daemon.Connect(() => TestSockets.ConnectAs(Stranger, Stranger, daemon.Options.EffectiveSocketPath)));
        var ofA = new ListClonesRequest { Parent = "tenants/a" };
        await clones.ListClonesAsync(ofA);
        (await Errors.FailureOf(async () => await clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/b" })))
            .StatusCode.ShouldBe(StatusCode.PermissionDenied);

        await File.WriteAllTextAsync(daemon.Options.PolicyPath!, """{ "version": 1, "rules": [] }""");

        await Eventually.True(() =>
        {
            try
            {
                clones.ListClones(ofA);
                return false;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.PermissionDenied)
            {
                return true;
            }
        });
    }

    [RootFact]
    public async Task OnlyRootMayNameAnyFileOfTheNode()
    {
        await using var daemon = await TestDaemon.StartAsync((options, folder) =>
        {
            (options.SocketMode, options.GuestFolders) = ("0666", []);
            options.PolicyPath = Path.Combine(folder, "policy.json");
            File.WriteAllText(options.PolicyPath, $$"""{ "version": 1, "rules": [ { "uid": {{Stranger}}, "tenants": ["*"] } ] }""");
        });
        var request = new CreateTemplateRequest
        {
            Tenant = "a",
            Template = "t",
            Spec = new TemplateSpec { Guest = new GuestSpec { KernelPath = daemon.Kernel }, Machine = new MachineSpec { MemoryBytes = 32 << 20 } },
        };
        var other = new TemplateService.TemplateServiceClient(
            daemon.Connect(() => TestSockets.ConnectAs(Stranger, Stranger, daemon.Options.EffectiveSocketPath)));
        var root = new TemplateService.TemplateServiceClient(daemon.Connect());

        (await Errors.FailureOf(() => ReadAllAsync(other.CreateTemplate(request)))).Fields().ShouldBe(["spec.guest.kernel_path"]);
        (await ReadAllAsync(root.CreateTemplate(request))).ShouldNotBeEmpty();
    }

    private static async Task<List<CreateTemplateResponse>> ReadAllAsync(AsyncServerStreamingCall<CreateTemplateResponse> call)
    {
        using (call)
        {
            return await call.ResponseStream.ReadAllAsync().ToListAsync();
        }
    }
}
