using Templating.Core.Names;

namespace Templating.Core.Clones;

/// <summary>What templates need to know of clones.</summary>
public interface ICloneUsage
{
    /// <summary>Deletes every clone that uses the revision, without grace.</summary>
    Task DeleteUsersAsync(RevisionName revision, CancellationToken cancellationToken);
}
