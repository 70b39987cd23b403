using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Over mutual TLS a certificate is what its caller may do.</summary>
public sealed class TenantTests : NodeTest
{
    [Fact]
    public async Task CertificateOfOneTenantReachesNothingOfAnotherAndLearnsNothingOfIt()
    {
        using var certificates = new Certificates();
        var address = $"127.0.0.1:{FreePort.Next()}";
        await using var node = await StartAsync(certificates, address);
        using var acme = Connect(certificates, address, certificates.Client("acme-shim", PreparedStore.Tenant));
        using var rival = Connect(certificates, address, certificates.Client("rival-shim", "rival"));
        using var nobody = Connect(certificates, address, certificates.Client("nobody"));

        var clone = await acme.CloneAsync(Limit);
        (await acme.ShellAsync(clone, "echo on", Limit)).Output.ShouldBe("on\n");

        var there = await FailsAsync(rival.CloneAsync(Limit), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        var notThere = await FailsAsync(
            rival.CloneAsync(Limit, r => r.Spec.Template = "tenants/acme/templates/not-there"), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        notThere.Message.ShouldBe(there.Message);
        var cloneThere = await FailsAsync(rival.GetAsync(clone, Limit), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        var cloneNotThere = await FailsAsync(
            rival.GetAsync(new VmClone { Name = "tenants/acme/clones/not-there" }, Limit), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        cloneNotThere.Message.ShouldBe(cloneThere.Message);
        await FailsAsync(rival.ShellAsync(clone, "true", Limit), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        await FailsAsync(
            rival.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit).ResponseAsync,
            StatusCode.PermissionDenied, "PERMISSION_DENIED");
        await FailsAsync(
            acme.Node.CollectGarbageAsync(new CollectGarbageRequest(), cancellationToken: Limit).ResponseAsync, StatusCode.PermissionDenied, "PERMISSION_DENIED");
        await FailsAsync(nobody.CloneAsync(Limit), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        (await ListAsync(acme)).ShouldBe([clone.Name]);
        (await ListAsync(rival)).ShouldBeEmpty();
        await FailsAsync(ListAsync(nobody), StatusCode.PermissionDenied, "PERMISSION_DENIED");
        // Its own tenant is open to it, and has nothing yet.
        await FailsAsync(
            rival.CloneAsync(Limit, r => r.Spec.Template = "tenants/rival/templates/web"), StatusCode.NotFound, "TEMPLATE_NOT_FOUND");
    }

    [Fact]
    public async Task CertificateOfAnotherAuthorityAndNoCertificateAreNotLetIn()
    {
        using var certificates = new Certificates();
        using var strangers = new Certificates();
        var address = $"127.0.0.1:{FreePort.Next()}";
        await using var node = await StartAsync(certificates, address);
        using var stranger = Connect(certificates, address, strangers.Client("stranger", "*"));
        using var bare = Connect(certificates, address, null);

        foreach (var client in (TemplatingClient[])[stranger, bare])
        {
            var failure = await Should.ThrowAsync<TemplatingClientException>(
                client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit).ResponseAsync);
            failure.Code.ShouldBeOneOf(StatusCode.Unavailable, StatusCode.Internal);
        }

        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).Problem.ShouldBeEmpty();
    }

    /// <summary>A guest file must lie in a folder of the operator's, unless root of this machine names it.</summary>
    [Fact]
    public async Task RemoteCallerCannotHaveAnyFileOfTheNodeReadIntoAGuest()
    {
        using var certificates = new Certificates();
        var address = $"127.0.0.1:{FreePort.Next()}";
        await using var node = await StartAsync(certificates, address);
        using var acme = Connect(certificates, address, certificates.Client("acme-shim", PreparedStore.Tenant));
        var spec = GuestSpecs.Web();
        spec.Guest.KernelPath = "/etc/shadow";

        var failure = await FailsAsync(acme.BuildAsync("mine", spec, Limit), StatusCode.InvalidArgument, "INVALID_ARGUMENT");

        failure.Violations.ShouldContain(v => v.Field == "spec.guest.kernel_path");
    }

    private static Task<TestNode> StartAsync(Certificates certificates, string address)
    {
        var (certificate, key) = certificates.Server();
        return TestNode.StartAsync(
            ("TCP_ADDRESS", address), ("TCP_CERTIFICATE_PATH", certificate), ("TCP_KEY_PATH", key), ("TCP_CLIENT_CA_PATH", certificates.Authority));
    }

    private static TemplatingClient Connect(Certificates certificates, string address, (string Certificate, string Key)? own)
    {
        TemplatingAddress.TryParse("https://" + address, out var parsed, out var problem).ShouldBeTrue(problem);
        return new TemplatingClient(new TemplatingClientOptions
        {
            Address = parsed,
            CertificateAuthorityPath = certificates.Authority,
            CertificatePath = own?.Certificate,
            KeyPath = own?.Key,
        });
    }

    private async Task<IReadOnlyList<string>> ListAsync(TemplatingClient client) =>
        [.. (await client.Clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit)).Clones.Select(c => c.Name)];
}
