using Google.Protobuf.WellKnownTypes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Fakes;

internal static class Samples
{
    public const string Revision = "0123456789abcdef0123456789abcdef";

    public static VmClone Clone(string id) => new()
    {
        Name = $"tenants/default/clones/{id}",
        Tenant = "default",
        Id = id,
        Template = $"tenants/default/templates/web/revisions/{Revision}",
        State = CloneState.Running,
        CreateTime = Timestamp.FromDateTimeOffset(CliRun.Now - TimeSpan.FromMinutes(5)),
        ReadyTime = Timestamp.FromDateTimeOffset(CliRun.Now - TimeSpan.FromMinutes(5)),
        Identity = new Identity { Hostname = id },
        Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 80, HostPort = 40001 } } },
        Phases =
        {
            Phase("queue", 0.1), Phase("verify", 0.2), Phase("qemu_start", 45.5), Phase("restore", 4), Phase("resume", 0.5), Phase("identity", 80),
        },
        Total = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(130.3)),
        ChargedBytes = 320L << 20,
        Labels = { ["owner"] = "me" },
    };

    public static Sandbox Sandbox(string id, bool detached = false)
    {
        var clone = Clone(id);
        clone.Owner = new CloneOwner { Pid = 4711, Detached = detached };
        return new Sandbox
        {
            Clone_ = clone,
            Connection = new SandboxConnection { OwnerPort = "/run/templating/clones/0123456789abcdef/shim.sock" },
            Room = new SandboxRoom { FreePorts = 15, MemoryBytes = 256 << 20, MaxMemoryBytes = 1L << 30, Vcpus = 1, MaxVcpus = 2 },
        };
    }

    public static Template Template(string name, string revision = Revision) => new()
    {
        Name = $"tenants/default/templates/{name}/revisions/{revision}",
        Tenant = "default",
        Template_ = name,
        Revision = revision,
        State = TemplateState.Ready,
        Latest = true,
        Machine = new ResolvedMachine { MemoryBytes = 256 << 20, MachineType = "pc-q35-10.0", Accelerator = Accelerator.Tcg },
        AllocatedBytes = 48 << 20,
        CreateTime = Timestamp.FromDateTimeOffset(CliRun.Now - TimeSpan.FromDays(3)),
    };

    private static Phase Phase(string name, double milliseconds) =>
        new() { Name = name, Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(milliseconds)) };
}
