using System.Net;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Wire;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.V1;

namespace Templating.Node.VmPods;

/// <summary>
/// Takes from what a pod says only what has the form it should have. The pod belongs to its tenant, who may have it say
/// anything: nothing of it may grow without bound here, or break whoever reads it.
/// </summary>
internal static class PodStatusReader
{
    private const int MaxReason = 1024;
    private const int MaxText = 256;
    private const int MaxForwards = 64;
    private const int MaxPhases = 16;

    public static PodStatus Read(PodStatus said)
    {
        var status = new PodStatus
        {
            State = said.State is >= PodState.Waiting and <= PodState.Failed ? said.State : PodState.Published,
            StateReason = Text(said.StateReason, MaxReason),
            Failure = ErrorReasons.Find(said.Failure) is null ? "" : said.Failure,
            Id = Labels.IsLabel(said.Id) ? said.Id : "",
            RequestId = Guid.TryParseExact(said.RequestId, "D", out _) ? said.RequestId : "",
            ReadyTime = Time(said.ReadyTime),
            Ip = IPAddress.TryParse(said.Ip, out var ip) ? ip.ToString() : "",
            Memory = said.Memory?.Clone(),
        };
        if (said.Identity is { } identity)
        {
            status.Identity = new Identity
            {
                Hostname = Text(identity.Hostname, MaxText),
                MachineId = Text(identity.MachineId, MaxText),
                Generation = Text(identity.Generation, MaxText),
                Clock = Time(identity.Clock),
                KernelReseeded = identity.KernelReseeded,
            };
        }

        if (said.Network is { } network)
        {
            status.Network = new NetworkSpec { Outbound = network.Outbound };
            status.Network.Forwards.AddRange(network.Forwards.Take(MaxForwards).Select(forward => new PortForward
            {
                GuestPort = forward.GuestPort,
                HostPort = forward.HostPort,
                HostAddress = Text(forward.HostAddress, MaxText),
            }));
        }

        status.Phases.AddRange(said.Phases.Take(MaxPhases).Select(phase => new Phase { Name = Text(phase.Name, MaxText), Duration = Length(phase.Duration) }));
        return status;
    }

    public static string Text(string said, int maxLength)
    {
        var text = said.Length <= maxLength ? said : said[..maxLength];
        return string.Concat(text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }

    private static Timestamp? Time(Timestamp? said) => said?.IsSound() == true ? said.Clone() : null;

    private static Duration? Length(Duration? said) => said?.IsSound() == true && said is { Seconds: >= 0, Nanos: >= 0 } ? said.Clone() : null;
}
