using System.Net;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Capacity;

/// <summary>What one tenant may take of the node, beside what the node has. The defaults hold where the policy says nothing.</summary>
public sealed record TenantLimits
{
    /// <summary>VMs at once: clones, VMs that wait in pools, and template VMs of builds. Null, the default: as many as the node.</summary>
    public int? Vms { get; init; }

    /// <summary>Bytes of the node's memory budget. Null, the default: all of it.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Builds at once; the others queue. Null, the default: as many as the node.</summary>
    public int? Builds { get; init; }

    /// <summary>Bytes of its templates on disk, with the images they name. Null, the default: as much as there is.</summary>
    public long? StoreBytes { get; init; }

    /// <summary>Bytes of fetched files on disk at once. Default 32 GiB, twice the largest file.</summary>
    public long DownloadBytes { get; init; } = 32L << 30;

    /// <summary>Programs that run in its clones by exec at once. Default 256: each costs the daemon a connection and its windows.</summary>
    public int Execs { get; init; } = 256;

    /// <summary>Whether its guests may open connections outwards, where they are asked to be able to. Default true.</summary>
    public bool Outbound { get; init; } = true;

    /// <summary>Where on the host its clones' ports may lead from. Default: the loopback's ports from 1024.</summary>
    public IReadOnlyList<HostPorts> Forwards { get; init; } = [HostPorts.Loopback];

    /// <exception cref="TemplatingException">NetworkNotAllowed.</exception>
    public void RequireNetwork(string tenant, NetworkSpec network)
    {
        RequireOutbound(tenant, network);
        foreach (var forward in network.Forwards.Where(f => !Forwards.Any(p => p.Contains(IPAddress.Parse(f.HostAddress), f.HostPort))))
        {
            var allowed = Forwards.Count == 0 ? "none is allowed" : $"allowed are {string.Join(", ", Forwards)}";
            throw new TemplatingException(
                ErrorCode.NetworkNotAllowed,
                $"Tenant '{tenant}' may not take {forward.HostAddress}:{forward.HostPort} of the host for the guest's port {forward.GuestPort}; {allowed}"
                + $" (forwards{(forward.HostPort == 0 ? "; port 0, any free one, needs all from 1024" : "")}). Choose another, or {TenantRefusals.Ask}");
        }
    }

    /// <exception cref="TemplatingException">NetworkNotAllowed.</exception>
    public void RequireOutbound(string tenant, NetworkSpec network)
    {
        if (network.Outbound && !Outbound)
        {
            throw new TemplatingException(
                ErrorCode.NetworkNotAllowed, $"Guests of tenant '{tenant}' may not open connections outwards (outbound). Leave it out, or {TenantRefusals.Ask}");
        }
    }
}
