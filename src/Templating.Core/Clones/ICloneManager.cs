using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Names;

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

    /// <summary>Legal in Running; in Paused it changes nothing.</summary>
    Task<CloneView> PauseAsync(CloneName name, CancellationToken cancellationToken);

    /// <summary>Legal in Paused; in Running it changes nothing.</summary>
    Task<CloneView> ResumeAsync(CloneName name, CancellationToken cancellationToken);

    /// <summary>Ends and forgets it. Legal in any state.</summary>
    Task<VmExit> DeleteAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Legal in Running.</summary>
    IAsyncEnumerable<ExecOutput> ExecAsync(
        CloneName name, GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input, CancellationToken cancellationToken);

    /// <summary>Legal in any state that has a process.</summary>
    IConsole OpenConsole(CloneName name);

    /// <summary>Every change from now on. Subscribe before <see cref="List"/> to miss none.</summary>
    IAsyncEnumerable<Change<CloneView>> WatchAsync(CancellationToken cancellationToken);

    CapacityView Capacity { get; }
}

/// <summary>Both parts are RFC 1123 labels. The id is unique within its tenant: a clash must not tell what another tenant has.</summary>
public readonly record struct CloneName(string Tenant, string Id)
{
    public override string ToString() => $"tenants/{Tenant}/clones/{Id}";
}

public sealed record CreateClone
{
    /// <summary>Also the clone's tenant.</summary>
    public required TemplateName Template { get; init; }

    /// <summary>Null for the newest.</summary>
    public string? Revision { get; init; }

    /// <summary>Null for one that is made up.</summary>
    public string? Id { get; init; }

    public Guid? RequestId { get; init; }

    /// <summary>Null for the id.</summary>
    public string? Hostname { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public ReadOnlyMemory<byte> UserData { get; init; }

    public IReadOnlyList<InjectedFile> Files { get; init; } = [];

    /// <summary>Null for the template's.</summary>
    public NetworkSpec? Network { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public TimeSpan IdentityTimeout { get; init; } = Timeouts.Identity;

    /// <summary>Return as soon as the CPUs run; identity goes on in the background.</summary>
    public bool ReturnWhenRunning { get; init; }
}

public enum CloneState
{
    Prepared,
    Restored,
    Running,
    Paused,
    Stopped,
    Failed,
}

/// <summary>A clone as seen from outside.</summary>
public sealed record CloneView
{
    public required CloneName Name { get; init; }

    public required RevisionName Template { get; init; }

    public required CloneState State { get; init; }

    public string StateReason { get; init; } = "";

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ReadyAt { get; init; }

    public required Guid Generation { get; init; }

    public string Mac { get; init; } = "";

    /// <summary>Null until the guest confirmed it.</summary>
    public IdentityConfirmation? Identity { get; init; }

    public required NetworkSpec Network { get; init; }

    public IReadOnlyList<Phase> Phases { get; init; } = [];

    public TimeSpan Total { get; init; }

    public int Pid { get; init; }

    public required long ChargedBytes { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
