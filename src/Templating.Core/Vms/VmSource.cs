using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;

namespace Templating.Core.Vms;

/// <summary>The frozen revision that a VM goes on from, wherever its files lie: in the store, or in a pod's volume.</summary>
public sealed record VmSource
{
    public required RevisionName Name { get; init; }

    public required Manifest Manifest { get; init; }

    public required string MemoryPath { get; init; }

    public required string StatePath { get; init; }

    public required IReadOnlyList<string> ImagePaths { get; init; }

    /// <summary>Whether the files are what was published; null where who opened the source has looked already.</summary>
    public Func<CancellationToken, Task>? EnsureVerified { get; init; }

    /// <summary>Of the store; whoever starts a VM of it has its files verified first.</summary>
    public static VmSource Of(Revision revision, TemplateStore store) => new()
    {
        Name = revision.Name,
        Manifest = revision.Manifest,
        MemoryPath = revision.MemoryPath,
        StatePath = revision.StatePath,
        ImagePaths = [.. revision.Manifest.Images.Select(store.ImagePath)],
        EnsureVerified = token => store.EnsureVerifiedAsync(revision, token),
    };

    /// <exception cref="TemplatingException">TemplateStale: this node's QEMU cannot read its state.</exception>
    public void RequireCompatible(VmmInfo vmm)
    {
        if (Compatibility.FindMismatch(Manifest, vmm) is { } mismatch)
        {
            throw new TemplatingException(ErrorCode.TemplateStale, $"{Name} cannot be cloned here: {mismatch}");
        }
    }
}
