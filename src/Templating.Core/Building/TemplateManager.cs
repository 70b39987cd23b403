using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Core.Requests;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Building;

/// <inheritdoc />
public sealed class TemplateManager : ITemplateManager
{
    /// <summary>About what a view costs: its spec and manifest.</summary>
    private const long ViewBytes = 4096;

    private readonly VmParts _parts;
    private readonly TemplateStore _store;
    private readonly RevisionLeases _leases;
    private readonly ICloneUsage _clones;
    private readonly BuildOptions _options;
    private readonly ILogger<TemplateManager> _logger;
    private readonly TemplateBuilder _builder;
    private readonly TemplateViews _views;
    private readonly FairTurns _turns;
    private readonly StoreQuota _quota;
    private readonly ConcurrentDictionary<TemplateName, TemplateSpec> _building = new();
    private readonly RequestLog<RevisionName> _requests;
    private readonly Broadcaster<Change<TemplateView>> _changes = new(Changes.Merging<TemplateView>(view => view.Name.ToString(), _ => ViewBytes));

    public TemplateManager(
        VmParts parts, TemplateStore store, RevisionLeases leases, PoolManager pools, ICloneUsage clones, BuildOptions options, ILogger<TemplateManager> logger)
    {
        (_parts, _store, _leases, _clones, _options, _logger) = (parts, store, leases, clones, options, logger);
        _requests = new RequestLog<RevisionName>(store.Has);
        _quota = new StoreQuota(store, parts.Capacity.Limits);
        _builder = new TemplateBuilder(parts, store, _quota, pools.Room, options);
        _views = new TemplateViews(parts.Vmm, store, leases, clones, _building);
        _turns = new FairTurns(
            new TurnRules
            {
                What = "builds",
                InAll = options.MaxConcurrentBuilds,
                PerTenant = tenant => parts.Capacity.Limits.Of(tenant).Builds ?? options.MaxConcurrentBuilds,
                Patience = options.Patience,
            },
            parts.Time);
        parts.Metrics.ObserveTemplates(() => List(null).Select(template => template.State));
    }

    /// <summary>Ends the VMs of builds that a killed daemon left and remembers request ids of what is there. Once, at start.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        FileSystem.MakeFolder(_options.BuildsFolder, FileSystem.OwnerOnlyFolder);
        var left = LeftOvers.In(_options.BuildsFolder).Select(folder => new LeftVm(folder)).ToList();
        left.ForEach(build => _logger.BuildSwept(build.Folder.Path));
        await LeftOvers.EndAsync(_parts.Vmm, _parts.Users, left, kept: [], _logger, cancellationToken);

        foreach (var revision in _store.List(null))
        {
            if (Guid.TryParse(revision.Manifest.RequestId, out var id))
            {
                _requests.Remember(revision.Manifest.Tenant, id, Digest(revision.Name.Template, revision.Manifest.Spec), revision.Name);
            }
        }
    }

    public async Task<TemplateView> CreateAsync(
        CreateTemplate request, IProgress<BuildProgress>? progress, CancellationToken cancellationToken)
    {
        using var span = TemplatingTelemetry.Source.StartActivity("template.create");
        span?.SetTag("templating.template", request.Name.ToString());
        var start = _parts.Time.GetTimestamp();
        var ok = false;
        try
        {
            var name = await _requests.RunAsync(
                request.Name.Tenant, request.RequestId, Digest(request.Name, request.Spec),
                ct => BuildOnceAsync(request, progress, ct), cancellationToken);
            ok = true;
            progress?.Report(new BuildProgress(BuildPhase.Done, $"Published {name}", _parts.Time.GetElapsedTime(start)));
            return Get(name.Template, name.Revision);
        }
        catch (TemplatingException e)
        {
            span?.SetStatus(ActivityStatusCode.Error, ErrorReasons.Of(e.Code));
            _parts.Metrics.Refused(e.Code);
            _logger.BuildFailed(request.Name, e.Message);
            throw;
        }
        finally
        {
            _parts.Metrics.Build(_parts.Time.GetElapsedTime(start), ok);
        }
    }

    public TemplateView Get(TemplateName template, string? revision) => _views.Get(template, revision);

    public IReadOnlyList<TemplateView> List(string? tenant) => _views.List(tenant);

    public async Task<IReadOnlyList<RevisionName>> DeleteAsync(
        TemplateName template, string? revision, bool force, CancellationToken cancellationToken)
    {
        var victims = List(template.Tenant)
            .Where(v => v.Name.Template == template && v.State != TemplateState.Building && (revision is null || v.Name.Revision == revision))
            .ToArray();
        if (victims.Length == 0)
        {
            throw TemplateRefusals.NotFound(template, revision);
        }

        if (!force && victims.FirstOrDefault(v => v.Clones > 0) is { } used)
        {
            throw InUse(used.Name, used.Clones);
        }

        var deleted = new List<RevisionName>();
        foreach (var victim in victims)
        {
            using var deletion = await BeginDeleteAsync(victim.Name, force, cancellationToken);
            if (_store.Delete(victim.Name))
            {
                deleted.Add(victim.Name);
                _logger.Deleted(victim.Name);
                _changes.Publish(new Change<TemplateView>(ChangeKind.Deleted, victim));
            }
        }

        _requests.ForgetGone();
        return deleted;
    }

    public async Task<VerifyOutcome> VerifyAsync(
        TemplateName template, string? revision, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var view = Get(template, revision);
        using var lease = _leases.Acquire(view.Name);
        var problems = await _store.VerifyAsync(view.Name, progress, cancellationToken);
        if (problems.Count > 0)
        {
            _logger.Corrupt(view.Name, string.Join(" ", problems));
            _changes.Publish(new Change<TemplateView>(ChangeKind.Modified, Get(template, view.Name.Revision)));
        }

        return new VerifyOutcome(view.Name, problems);
    }

    public IAsyncEnumerable<Change<TemplateView>> WatchAsync(CancellationToken cancellationToken) =>
        _changes.SubscribeAsync(cancellationToken);

    /// <summary>First nobody new, then nobody at all: what waits for a clone is ended, and by force clones are, also those that are still starting.</summary>
    private async Task<IDisposable> BeginDeleteAsync(RevisionName name, bool force, CancellationToken cancellationToken)
    {
        var deletion = _leases.BeginDelete(name);
        try
        {
            await _clones.EndWaitingAsync(name, cancellationToken);
            if (force)
            {
                await _clones.DeleteUsersAsync(name, cancellationToken);
            }

            return _leases.Count(name) == 0 ? deletion : throw InUse(name, _leases.Count(name));
        }
        catch
        {
            deletion.Dispose();
            throw;
        }
    }

    private static TemplatingException InUse(RevisionName name, int clones) => new(
        ErrorCode.TemplateInUse, $"{name} is used by {clones} {(clones == 1 ? "clone" : "clones")}. Stop them first, or force.");

    private static string Digest(TemplateName name, TemplateSpec spec) => TemplateDigest.Compute(name, spec);

    private async Task<RevisionName> BuildOnceAsync(
        CreateTemplate request, IProgress<BuildProgress>? progress, CancellationToken cancellationToken)
    {
        var violations = TemplateSpecValidator.Validate(request.Spec);
        if (violations.Count == 0)
        {
            violations = [.. GuestFiles.ValidateFiles(request.Spec, _options.PolicyFor(request)), .. GuestInputs.ValidateUrls(request.Spec, _options.Downloads)];
        }

        if (violations.Count > 0)
        {
            throw new TemplatingException(violations);
        }

        var tenant = request.Name.Tenant;
        _parts.Capacity.Limits.Of(tenant).RequireOutbound(tenant, request.Spec.Network);
        if (!_building.TryAdd(request.Name, request.Spec))
        {
            throw new TemplatingException(
                ErrorCode.TemplateBusy, $"{request.Name} is being built already. Wait for that build, or cancel its call.")
            { RetryAfter = TimeSpan.FromSeconds(10) };
        }

        try
        {
            using var turn = await _turns.TakeAsync(tenant, cancellationToken);
            var revision = await _builder.BuildAsync(request, turn, progress, cancellationToken);
            // It is published, whether or not its caller waits on.
            await _clones.RetireWaitingAsync(revision.Name, CancellationToken.None);
            Retain(request, revision.Name);
            _changes.Publish(new Change<TemplateView>(ChangeKind.Added, _views.Of(revision)));
            return revision.Name;
        }
        finally
        {
            _building.TryRemove(request.Name, out _);
        }
    }

    /// <param name="request">Says how many older ones are kept.</param>
    /// <param name="built">Stays whatever the others say of their age: they may come from another node, whose clock is ahead.</param>
    private void Retain(CreateTemplate request, RevisionName built)
    {
        if (request.RevisionHistoryLimit is not { } limit)
        {
            return;
        }

        var before = _store.List(request.Name.Tenant).ToDictionary(r => r.Name);
        var deletions = new List<IDisposable>();
        try
        {
            foreach (var old in _store.Retain(request.Name, limit + 1, inUse: IsHeld))
            {
                _logger.Retired(old, limit);
                _changes.Publish(new Change<TemplateView>(ChangeKind.Deleted, _views.Of(before[old])));
            }
        }
        finally
        {
            deletions.ForEach(d => d.Dispose());
            _requests.ForgetGone();
        }

        bool IsHeld(RevisionName name)
        {
            if (name == built || _leases.TryBeginDelete(name) is not { } deletion)
            {
                return true;
            }

            deletions.Add(deletion);
            return false;
        }
    }
}
