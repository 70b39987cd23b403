using System.Text.Json.Serialization;
using Templating.Core.Machines;
using Templating.Core.Templates;

namespace Templating.Core.Store;

/// <summary>What a revision's <c>manifest.json</c> says: all that is needed to judge, check and clone it.</summary>
public sealed record Manifest
{
    /// <summary>1. A reader refuses any other.</summary>
    public required int FormatVersion { get; init; }

    public required string Tenant { get; init; }

    public required string Template { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The request id that made it, so that a retry finds it; null if none was given.</summary>
    public string? RequestId { get; init; }

    public required TemplateSpec Spec { get; init; }

    /// <summary>The compatibility fingerprint.</summary>
    public required ResolvedMachine Machine { get; init; }

    /// <summary>Which agent the guest has.</summary>
    public required GuestAgentKind Agent { get; init; }

    /// <summary>Units of the guest's systemd that had failed when it was frozen; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? FailedUnits { get; init; }

    public required FileDigest Memory { get; init; }

    public required FileDigest State { get; init; }

    /// <summary><see cref="BlockDigest"/> of the memory, which takes no time for its holes; null in one of an earlier version.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MemoryBlocks { get; init; }

    /// <summary>In the order of <see cref="GuestSpec.ImageFiles"/>; each is <c>images/SHA256</c> in the store.</summary>
    public required IReadOnlyList<FileDigest> Images { get; init; }

    /// <summary>Of the kernel and initrd it was booted from: for people; the files themselves are not kept.</summary>
    public required FileDigest Kernel { get; init; }

    public FileDigest? Initrd { get; init; }

    /// <summary>
    /// Milliseconds each phase of the build took: resolve, import, boot, ready, warm_up, freeze. Not seal: the manifest is
    /// written in it.
    /// </summary>
    public required IReadOnlyDictionary<string, double> PhaseMilliseconds { get; init; }
}

/// <param name="Size">Length in bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record FileDigest(long Size, string Sha256);
