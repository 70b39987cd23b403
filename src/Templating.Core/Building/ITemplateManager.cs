using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Building;

/// <summary>The use cases of templates. Authorisation is the caller's: every name given here may be acted upon.</summary>
public interface ITemplateManager
{
    /// <summary>
    /// Builds and publishes a revision. Concurrent builds of one template are refused (TemplateBusy); a retry with the
    /// same request id joins the build under way or returns its result.
    /// </summary>
    Task<TemplateView> CreateAsync(CreateTemplate request, IProgress<BuildProgress>? progress, CancellationToken cancellationToken);

    /// <summary>The newest revision or the named one. TemplateNotFound when there is none.</summary>
    TemplateView Get(TemplateName template, string? revision);

    /// <summary>Ordered by tenant, name, newest first. Builds under way and broken revisions are in it.</summary>
    IReadOnlyList<TemplateView> List(string? tenant);

    /// <summary>Deletes one revision, or all of them where <paramref name="revision"/> is null.</summary>
    Task<IReadOnlyList<RevisionName>> DeleteAsync(TemplateName template, string? revision, bool force, CancellationToken cancellationToken);

    Task<VerifyOutcome> VerifyAsync(
        TemplateName template, string? revision, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Every change from now on. Subscribe before <see cref="List"/> to miss none.</summary>
    IAsyncEnumerable<Change<TemplateView>> WatchAsync(CancellationToken cancellationToken);
}

public sealed record CreateTemplate
{
    public required TemplateName Name { get; init; }

    public required TemplateSpec Spec { get; init; }

    public Guid? RequestId { get; init; }

    /// <summary>Whether guest files may lie anywhere on the node, not only in its guest folders: for root's own calls.</summary>
    public bool AnyPath { get; init; }

    /// <summary>Older revisions to keep beside the new one when no clone uses them; null for all.</summary>
    public int? RevisionHistoryLimit { get; init; } = Defaults.HistoryLimit;
}

public enum BuildPhase
{
    Resolve,
    Boot,
    WarmUp,
    Freeze,
    Seal,
    Done,
}

public sealed record BuildProgress(BuildPhase Phase, string Message, TimeSpan Elapsed);

public enum TemplateState
{
    Building,
    Ready,
    Stale,
    Corrupt,
}

/// <summary>A revision as seen from outside.</summary>
/// <param name="Manifest">Null while building and when it cannot be read.</param>
public sealed record TemplateView(
    RevisionName Name, TemplateState State, string StateReason, Manifest? Manifest, TemplateSpec? Spec,
    long AllocatedBytes, int Clones, bool Latest);

public sealed record VerifyOutcome(RevisionName Name, IReadOnlyList<string> Problems);
