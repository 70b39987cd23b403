using System.Text.Json.Serialization;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>The use cases of clones. Authorisation is the caller's: every name given here may be acted upon.</summary>
public interface ICloneManager
{
    /// <summary>
    /// Admits, starts, restores and identifies a clone. A failure at any step removes all of it. A retry with the same
    /// request id returns the first result; with another request under that id it is RequestIdReused.
    /// Cancelling the call removes the clone.
    /// </summary>
    Task<CloneView> CreateAsync(CreateClone request, CancellationToken cancellationToken);

    CloneView Get(CloneName name);

    /// <summary>Ordered by tenant and id.</summary>
    IReadOnlyList<CloneView> List(string? tenant);

    Task<VmMemory?> ReadMemoryAsync(CloneName name, CancellationToken cancellationToken);

    /// <summary>What its QEMU has run so far; null while there is none.</summary>
    TimeSpan? ReadCpuTime(CloneName name);

    /// <summary>Legal in Running; in Paused it changes nothing.</summary>
    Task<CloneView> PauseAsync(CloneName name, CancellationToken cancellationToken);

    /// <summary>Legal in Paused; in Running it changes nothing.</summary>
    Task<CloneView> ResumeAsync(CloneName name, CancellationToken cancellationToken);

    /// <summary>Changes when it ends by itself. Legal while it lives, and not once its end has begun.</summary>
    CloneView Extend(CloneName name, Lifetime change);

    /// <summary>
    /// Plugs an image of the node's cache into a clone of a sandbox, read-only and without cost to the host. Legal in Running. It goes on
    /// when its caller goes away.
    /// </summary>
    Task<PluggedDevice> PlugImageAsync(CloneName name, string digest, CancellationToken cancellationToken);

    /// <summary>Gives it a disk of its own in the store's file system, which ends with it. Legal in Running. It goes on when its caller goes away.</summary>
    Task<PluggedDevice> PlugDiskAsync(CloneName name, PlugDisk request, CancellationToken cancellationToken);

    /// <summary>Gives it a card that leads into a network namespace of the host. Legal in Running. It goes on when its caller goes away.</summary>
    Task<PluggedDevice> PlugNicAsync(CloneName name, PlugNic request, CancellationToken cancellationToken);

    /// <summary>Takes a disk or a card away when its guest has let go of it; what was on the disk is gone. Legal in Running.</summary>
    Task UnplugAsync(CloneName name, string device, CancellationToken cancellationToken);

    /// <summary>
    /// Gives it more RAM and vCPUs, and returns when its guest has them online. Legal in Running. It goes on
    /// when its caller goes away. What is plugged stays, also where the guest does not take it in time (GuestNotReady).
    /// </summary>
    Task<CloneView> ResizeAsync(CloneName name, CloneSize size, CancellationToken cancellationToken);

    /// <summary>
    /// Ends and forgets it, also while it starts. Legal in any state. Cancelling the call does not stop that; a call with a shorter
    /// grace than the one before hurries it.
    /// </summary>
    Task<VmEnd> DeleteAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Legal in Running.</summary>
    IAsyncEnumerable<ExecOutput> ExecAsync(
        CloneName name, GuestCommand command, IAsyncEnumerable<ExecInput>? input, CancellationToken cancellationToken);

    /// <summary>Legal once it is restored; of one that has ended it is what its guest printed last.</summary>
    IConsole OpenConsole(CloneName name);

    /// <summary>Every change from now on. Subscribe before <see cref="List"/> to miss none.</summary>
    IAsyncEnumerable<Change<CloneView>> WatchAsync(CancellationToken cancellationToken);

    CapacityView Capacity { get; }
}

/// <summary>Both parts are RFC 1123 labels. The id is unique within its tenant: a clash must not tell what another tenant has.</summary>
public readonly record struct CloneName(string Tenant, string Id)
{
    /// <summary>Whether both parts are labels.</summary>
    [JsonIgnore]
    public bool IsValid => Labels.IsLabel(Tenant) && Labels.IsLabel(Id);

    public override string ToString() => $"tenants/{Tenant}/clones/{Id}";
}

public sealed record CreateClone : IdentityInputs
{
    /// <summary>Also the clone's tenant.</summary>
    public required TemplateName Template { get; init; }

    /// <summary>Null for the newest.</summary>
    public string? Revision { get; init; }

    /// <summary>Null for one that is made up.</summary>
    public string? Id { get; init; }

    public Guid? RequestId { get; init; }

    /// <summary>Null for the template's.</summary>
    public NetworkSpec? Network { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>When it is to end by itself, from its admission on.</summary>
    public Lifetime Lifetime { get; init; } = Lifetime.Unsaid;

    /// <summary>Null for a clone that nobody owns.</summary>
    public CloneOwner? Owner { get; init; }

    /// <summary>Folders of control groups that its process is put into.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>Return as soon as the CPUs run; identity goes on in the background.</summary>
    public bool ReturnWhenRunning { get; init; }
}

/// <summary>A clone as seen from outside.</summary>
public sealed record CloneView : VmView
{
    public required CloneName Name { get; init; }

    public required RevisionName Template { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends by itself, by the wall clock of when that was set; null for never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpireAt { get; init; }

    /// <summary>How long nobody may use it before it ends; null for ever.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? IdleLimit { get; init; }

    /// <summary>What was plugged into it; null for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PluggedDevice>? Devices { get; init; }

    /// <summary>The RAM it has grown to; null while it is as its template.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MemoryBytes { get; init; }

    /// <summary>In how many steps.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MemoryPlugs { get; init; }

    /// <summary>Null where nobody owns it; not written then, so that daemons that know of none can read it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CloneOwner? Owner { get; init; }

    /// <summary>The vCPUs it has grown to; as <see cref="MemoryBytes"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Vcpus { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
