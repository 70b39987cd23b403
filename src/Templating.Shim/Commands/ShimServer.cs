using System.Net.Sockets;
using Templating.Shim.Host;

namespace Templating.Shim.Commands;

/// <summary>What a pod's server is given.</summary>
/// <param name="Arguments">containerd's.</param>
/// <param name="Group">The sandbox's id, or the container's own where there is no sandbox.</param>
/// <param name="Bundle">The folder of the first container, absolute.</param>
/// <param name="Place">Its <see cref="PodPlace.Folder"/> is there; it is removed when the server ends.</param>
/// <param name="Log">To containerd's log.</param>
internal sealed record ShimServerContext(ShimArguments Arguments, string Group, string Bundle, PodPlace Place, ShimLog Log)
{
    /// <summary>Where events go (TTRPC_ADDRESS); empty where containerd did not say.</summary>
    public string EventsAddress { get; init; } = "";
}

/// <summary>Serves one pod until containerd tells it to shut down, which is when it returns.</summary>
internal delegate Task ServePodAsync(Socket listener, ShimServerContext context, CancellationToken cancellationToken);
