using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Sandboxes;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads requests for clones that have owners.</summary>
internal static class SandboxReader
{
    // PID_MAX_LIMIT of 64-bit Linux.
    private const int MaxPid = 1 << 22;

    public static AcquireSandbox Acquire(V1.AcquireSandbox wire, Caller caller, DateTimeOffset now)
    {
        var faults = new Faults();
        var create = CloneReader.Spec(wire.Spec, wire.WaitFor, caller, now, faults, "acquire.");
        faults.RequireLabel("acquire.sandbox_id", wire.SandboxId);
        var pid = wire.Owner?.Pid ?? 0;
        faults.Require(pid is > 0 and <= MaxPid, "acquire.owner.pid", $"{pid} is not between 1 and {MaxPid}; name a process of the node.");
        faults.AddRange(CgroupRules.Check("acquire.cgroups", wire.Cgroups));
        if (wire.Cgroups.Count > 0)
        {
            caller.RequireAllTenants();
        }

        if (caller.Peer is not UnixPeer peer)
        {
            throw new TemplatingException(
                ErrorCode.PermissionDenied, "A sandbox's owner is a process of the node, and so is who acquires it: call by the node's own socket.");
        }

        faults.ThrowIfAny();
        return new AcquireSandbox
        {
            Start = create with { Id = wire.SandboxId, Cgroups = [.. wire.Cgroups] },
            OwnerPid = pid,
            By = new Claimant(peer.Pid, peer.Uid),
        };
    }

    public static (CloneName Name, TimeSpan Grace) Release(V1.ReleaseSandboxRequest request, Caller caller)
    {
        var name = NameReader.Clone("name", request.Name, caller);
        var faults = new Faults();
        var grace = FieldReader.Duration("grace_period", request.GracePeriod, TimeSpan.Zero, TimeSpan.FromMinutes(10), faults);
        faults.ThrowIfAny();
        return (name, grace ?? TimeSpan.Zero);
    }
}
