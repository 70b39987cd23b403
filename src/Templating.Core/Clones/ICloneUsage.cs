using Templating.Core.Names;

namespace Templating.Core.Clones;

/// <summary>What templates need to know of clones.</summary>
public interface ICloneUsage
{
    /// <summary>Deletes every clone that uses the revision, without grace.</summary>
    Task DeleteUsersAsync(RevisionName revision, CancellationToken cancellationToken);

    /// <summary>Ends the VMs of the revision that wait for clones; done when they are gone.</summary>
    Task EndWaitingAsync(RevisionName revision, CancellationToken cancellationToken);

    /// <summary>Ends those of older revisions that wait for clones of the newest; done when they are gone.</summary>
    Task RetireWaitingAsync(RevisionName newest, CancellationToken cancellationToken);

    /// <summary>VMs that hold the revision and are no clones.</summary>
    int CountWaiting(RevisionName revision);
}
