using Templating.Core.Names;

namespace Templating.Core.Pools;

/// <summary>One pool: what is asked for, what there is, and why that differs. Read and changed within the lock of the pools.</summary>
internal sealed class Pool(PoolName name, PoolSpec spec, TimeProvider time)
{
    public PoolName Name => name;

    public PoolSpec Spec { get; set; } = spec;

    /// <summary>By the plan before; until there is one, the fewest.</summary>
    public int Target { get; set; } = spec.Sizes.Restored;

    /// <summary>Null while there is none, or nobody has looked.</summary>
    public RevisionName? Revision { get; set; }

    public PoolDemand Demand { get; } = new(time);

    public PoolBackoff Backoff { get; } = new(time);

    /// <summary>When the first VM was taken since it was full, counting those that start; null where none was.</summary>
    public TimeSpan? MissedSince { get; set; }

    /// <summary>Until they are gone, or a clone's.</summary>
    public List<WaitingVm> Vms { get; } = [];

    public PoolProblem Problem { get; set; }

    public string ProblemText { get; set; } = "";

    public long HitsRestored { get; set; }

    public long HitsPrepared { get; set; }

    public long Misses { get; set; }

    public long Failures { get; set; }

    /// <summary>What was told of it last.</summary>
    public string Told { get; set; } = "";

    /// <summary>Whether clones of that revision are to be served from here.</summary>
    public bool Serves(RevisionName revision) => Spec.TemplateOf(Name) == revision.Template
        && (Spec.Revision ?? revision.Revision) == revision.Revision && (Revision is null || Revision == revision);

    public int Count(WaitingKind kind) => Vms.Count(vm => vm.Kind == kind && vm.Custody == Custody.Waiting);

    /// <summary>Those of them that are to be replaced.</summary>
    public int CountWorn(WaitingKind kind) => Vms.Count(vm => vm.Kind == kind && vm.IsWorn && vm.Custody == Custody.Waiting);

    public int CountStarting(WaitingKind kind) => Vms.Count(vm => vm.Kind == kind && vm.Custody == Custody.Starting);

    public PoolView View() => new()
    {
        Name = Name,
        Spec = Spec,
        Revision = Revision,
        WantedRestored = Target,
        Starting = Vms.Count(vm => vm.Custody == Custody.Starting),
        ChargedBytes = Vms.Sum(vm => vm.Life.View.ChargedBytes),
        Vms = [.. Vms.Where(vm => vm.Custody == Custody.Waiting).Select(vm => vm.View)],
        HitsRestored = HitsRestored,
        HitsPrepared = HitsPrepared,
        Misses = Misses,
        Failures = Failures,
        Problem = Problem,
        ProblemText = ProblemText,
        RetryAt = Backoff.IsOver ? null : time.GetUtcNow() + Backoff.Left,
    };

    /// <summary>What a watcher would see, in one text: views hold lists, which are never equal.</summary>
    public string Describe() => string.Join(
        '|', Spec, Revision, Target, HitsRestored, HitsPrepared, Misses, Failures, Problem, ProblemText,
        string.Join(
            ' ', Vms.Where(vm => vm.Custody is not (Custody.Given or Custody.Over)).Select(vm => $"{vm.Folder.Path} {vm.Custody is Custody.Starting}")));
}
