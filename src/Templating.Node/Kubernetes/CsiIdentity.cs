using System.Reflection;
using Grpc.Core;
using Templating.Csi.V1;

namespace Templating.Node.Kubernetes;

/// <summary>Tells which driver this is.</summary>
internal sealed class CsiIdentity : Identity.IdentityBase
{
    private static readonly string Version =
        typeof(CsiIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public override Task<GetPluginInfoResponse> GetPluginInfo(GetPluginInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPluginInfoResponse { Name = KubeletPaths.Driver, VendorVersion = Version });

    public override Task<GetPluginCapabilitiesResponse> GetPluginCapabilities(GetPluginCapabilitiesRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPluginCapabilitiesResponse());

    public override Task<ProbeResponse> Probe(ProbeRequest request, ServerCallContext context) =>
        Task.FromResult(new ProbeResponse { Ready = true });
}
