using System.Text.Json.Serialization;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>A VM as seen from outside. Its owner derives a record with what it adds: a name, labels, a request.</summary>
public record VmView
{
    public required VmState State { get; init; }

    public string StateReason { get; init; } = "";

    /// <summary>Of one that ended, and nobody had asked for that. Known to who saw it end.</summary>
    [JsonIgnore]
    public ErrorCode? Failure { get; init; }

    /// <summary>Who it is, or is about to become; empty before its activation.</summary>
    public string Id { get; init; } = "";

    /// <summary>Of its activation; null before, and where that had none.</summary>
    public Guid? RequestId { get; init; }

    public required Guid Generation { get; init; }

    /// <summary>In records of versions in which each clone had a network card's address of its own: read, and shown nowhere.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Mac { get; init; }

    /// <summary>Null until the guest confirmed it.</summary>
    public IdentityConfirmation? Identity { get; init; }

    /// <summary>When the guest confirmed its identity; null before.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    public required NetworkSpec Network { get; init; }

    /// <summary>The steps of its start so far.</summary>
    public IReadOnlyList<Phase> Phases { get; init; } = [];

    public TimeSpan Total { get; init; }

    /// <summary>0 while it has no process.</summary>
    public int Pid { get; init; }

    /// <summary>What it holds of the node's memory budget.</summary>
    public long ChargedBytes { get; init; }
}
