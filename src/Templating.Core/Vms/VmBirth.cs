using Templating.Core.Capacity;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>What an owner gives a VM to begin with.</summary>
internal sealed record VmBirth
{
    public required VmSource Source { get; init; }

    /// <summary>For its sockets; made by the start, removed by the owner.</summary>
    public required VmFolder Folder { get; init; }

    /// <summary>Folders of control groups that its process is put into.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    public VmHoldings Holdings { get; init; } = new();

    /// <summary>Null where it does not wait for others.</summary>
    public FairTurns? Turns { get; init; }

    /// <summary>Whether nobody waits for it: it takes its turn when nobody else does.</summary>
    public bool IsIdle { get; init; }

    /// <summary>Where its user id comes from; null, and of it null, for the starter's own.</summary>
    public Func<CancellationToken, Task<RentedUser?>>? Rent { get; init; }

    /// <summary>Where VMs wait that are started already; null: it starts its own.</summary>
    public IBlankVms? Blanks { get; init; }

    /// <summary>What clones of its revision use first; null where that is neither known nor to be learned.</summary>
    public FirstPages? FirstPages { get; init; }

    /// <summary>Gets the guest's console before its first byte; must not wait.</summary>
    public Action<IConsole>? Attach { get; init; }

    /// <summary>What its owner calls it in messages.</summary>
    public required string Name { get; init; }
}
