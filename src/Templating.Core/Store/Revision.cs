using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>A published revision as the store holds it.</summary>
/// <param name="Name">Its name; the revision part is the digest of its manifest.</param>
/// <param name="Manifest">Parsed and checked against the name.</param>
/// <param name="Path">Its folder.</param>
/// <param name="AllocatedBytes">Disk blocks of memory and state (holes do not count).</param>
public sealed record Revision(RevisionName Name, Manifest Manifest, string Path, long AllocatedBytes)
{
    public string MemoryPath => System.IO.Path.Combine(Path, "memory");

    public string StatePath => System.IO.Path.Combine(Path, "state");
}

/// <summary>A revision's folder that cannot be used, and why: it is listed, verified and deleted like any other.</summary>
public sealed record BrokenRevision(RevisionName Name, string Path, string Problem);
