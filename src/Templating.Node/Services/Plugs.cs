using Templating.Core.Clones;
using Templating.Node.Authorization;
using Templating.Node.Mapping;

namespace Templating.Node.Services;

/// <summary>What is plugged into a clone, for both services that are asked to.</summary>
internal static class Plugs
{
    public static async Task<V1.PlugCloneResponse> PlugAsync(
        ICloneManager clones, V1.PlugCloneRequest request, Caller caller, Action<CloneName> check, CancellationToken cancellationToken)
    {
        var (name, digest, disk, nic) = DeviceReader.Plug(request, caller);
        check(name);
        var device = disk is not null ? await clones.PlugDiskAsync(name, disk, cancellationToken)
            : nic is not null ? await clones.PlugNicAsync(name, nic, cancellationToken)
            : await clones.PlugImageAsync(name, digest!, cancellationToken);
        return new V1.PlugCloneResponse { Device = DeviceWriter.ToWire(device) };
    }
}
