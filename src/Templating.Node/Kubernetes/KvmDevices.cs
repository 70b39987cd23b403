using System.Globalization;
using Grpc.Core;
using Templating.DevicePlugin.V1Beta1;

namespace Templating.Node.Kubernetes;

/// <summary>
/// Offers /dev/kvm, so many times as VMs may use it. It can be shared without end; the number only gives the scheduler
/// something to count.
/// </summary>
internal sealed class KvmDevices(int count, CancellationToken stopping) : DevicePlugin.V1Beta1.DevicePlugin.DevicePluginBase
{
    public const string Resource = "templating.dev/kvm";

    private const string Device = "/dev/kvm";

    public override Task<DevicePluginOptions> GetDevicePluginOptions(Empty request, ServerCallContext context) =>
        Task.FromResult(new DevicePluginOptions());

    public override async Task ListAndWatch(Empty request, IServerStreamWriter<ListAndWatchResponse> responseStream, ServerCallContext context)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        await responseStream.WriteAsync(
            new ListAndWatchResponse
            {
                Devices = { Enumerable.Range(0, count).Select(i => new Device { Id = "kvm-" + i.ToString(CultureInfo.InvariantCulture), Health = "Healthy" }) },
            },
            until.Token);
        await Task.Delay(Timeout.InfiniteTimeSpan, until.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override Task<AllocateResponse> Allocate(AllocateRequest request, ServerCallContext context) => Task.FromResult(new AllocateResponse
    {
        ContainerResponses =
        {
            request.ContainerRequests.Select(_ => new ContainerAllocateResponse
            {
                Devices = { new DeviceSpec { ContainerPath = Device, HostPath = Device, Permissions = "rw" } },
            }),
        },
    });
}
