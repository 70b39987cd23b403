using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;

namespace Templating.Core.Pods;

/// <summary>A VM pod as seen from outside.</summary>
public sealed record PodView
{
    public required PodState State { get; init; }

    public string StateReason { get; init; } = "";

    /// <summary>Empty before its activation.</summary>
    public string Id { get; init; } = "";

    /// <summary>Null before its activation, and where it activated itself.</summary>
    public Guid? RequestId { get; init; }

    public required Guid Generation { get; init; }

    public string Mac { get; init; } = "";

    /// <summary>Null until the guest confirmed it.</summary>
    public IdentityConfirmation? Identity { get; init; }

    public required NetworkSpec Network { get; init; }

    /// <summary>qemu_start, restore, resume, identity.</summary>
    public IReadOnlyList<Phase> Phases { get; init; } = [];

    public DateTimeOffset? ReadyAt { get; init; }
}

/// <summary>How it ended.</summary>
/// <param name="InOrder">Whether the guest powered off, or was stopped while nobody had it yet.</param>
/// <param name="Reason">One line for people.</param>
public sealed record PodEnd(bool InOrder, string Reason);
