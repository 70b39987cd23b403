using Grpc.Core;
using Templating.PluginRegistration.V1;

namespace Templating.Node.Kubernetes;

/// <summary>Tells the kubelet where the CSI driver is.</summary>
internal sealed class PluginRegistration(KubeletPaths paths, ILogger<PluginRegistration> logger) : Registration.RegistrationBase
{
    public override Task<PluginInfo> GetInfo(InfoRequest request, ServerCallContext context) => Task.FromResult(new PluginInfo
    {
        Type = "CSIPlugin",
        Name = KubeletPaths.Driver,
        Endpoint = paths.CsiSocket,
        SupportedVersions = { "1.0.0" },
    });

    public override Task<RegistrationStatusResponse> NotifyRegistrationStatus(RegistrationStatus request, ServerCallContext context)
    {
        if (request.PluginRegistered)
        {
            Log.Registered(logger, KubeletPaths.Driver);
        }
        else
        {
            Log.NotRegistered(logger, KubeletPaths.Driver, Contract.Quote.Text(request.Error));
        }

        return Task.FromResult(new RegistrationStatusResponse());
    }
}
