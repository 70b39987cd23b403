using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>What an owner of clones needs beside the use cases of all. A clone is meant by its generation too: never a later one of its name.</summary>
public interface IOwnedClones
{
    /// <inheritdoc cref="ICloneManager.CreateAsync" />
    Task<CloneView> CreateAsync(CreateClone request, CancellationToken cancellationToken);

    /// <inheritdoc cref="ICloneManager.Get" />
    CloneView Get(CloneName name);

    /// <summary>Those with an owner, also where their VMs have ended, and the digests of their requests.</summary>
    IReadOnlyList<(CloneView Clone, string Digest)> ListOwned();

    /// <summary>Writes down that it lives on without a call. When this returns, the next daemon knows.</summary>
    void Detach(CloneView clone);

    /// <summary>Null where its VM has ended, or it is not there.</summary>
    CloneOutfit? OutfitOf(CloneView clone);

    /// <summary>Done with it when its guest has confirmed its identity; fails with what made an end to it before.</summary>
    Task<CloneView> ReadyAsync(CloneView clone);

    /// <summary>Done when it has ended; null where it lives on without this daemon, or where it is not there.</summary>
    Task<VmEnd?> WaitAsync(CloneView clone);

    /// <summary>Ends and forgets it; null as for <see cref="WaitAsync"/>.</summary>
    Task<VmEnd?> RemoveAsync(CloneView clone, TimeSpan grace, string why);
}
