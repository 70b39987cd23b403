using Google.Protobuf.WellKnownTypes;
using Templating.Core.Pools;

namespace Templating.Node.Mapping;

/// <summary>Writes pools as the wire has them.</summary>
internal static class PoolWriter
{
    public static V1.Pool ToWire(PoolView view) => new()
    {
        Name = view.Name.ToString(),
        Template = $"tenants/{view.Name.Tenant}/templates/{view.Spec.Template}{(view.Spec.Revision is { } revision ? $"/revisions/{revision}" : "")}",
        Sizes = new V1.PoolSizes
        {
            Restored = view.Spec.Sizes.Restored,
            Prepared = view.Spec.Sizes.Prepared,
            MaxRestored = view.Spec.Sizes.MaxRestored,
            Spare = view.Spec.Sizes.Spare,
        },
        Status = new V1.PoolStatus
        {
            Revision = view.Revision?.ToString() ?? "",
            Restored = view.Vms.Count(vm => vm.Kind == WaitingKind.Restored),
            Prepared = view.Vms.Count(vm => vm.Kind == WaitingKind.Prepared),
            Starting = view.Starting,
            WantedRestored = view.WantedRestored,
            ChargedBytes = view.ChargedBytes,
            HitsRestored = view.HitsRestored,
            HitsPrepared = view.HitsPrepared,
            Misses = view.Misses,
            Failures = view.Failures,
            Problem = ToWire(view.Problem),
            ProblemText = view.ProblemText,
            RetryTime = view.RetryAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
            Vms = { view.Vms.Select(ToWire) },
        },
    };

    private static V1.PoolVm ToWire(WaitingView vm) => new()
    {
        State = vm.Kind == WaitingKind.Restored ? V1.PoolVmState.Restored : V1.PoolVmState.Prepared,
        Revision = vm.Revision.ToString(),
        Pid = vm.Pid,
        SinceTime = Timestamp.FromDateTimeOffset(vm.Since),
        ChargedBytes = vm.ChargedBytes,
    };

    private static V1.PoolProblem ToWire(PoolProblem problem) => problem switch
    {
        PoolProblem.None => V1.PoolProblem.Unspecified,
        PoolProblem.TemplateMissing => V1.PoolProblem.TemplateMissing,
        PoolProblem.TemplateStale => V1.PoolProblem.TemplateStale,
        PoolProblem.TemplateCorrupt => V1.PoolProblem.TemplateCorrupt,
        PoolProblem.Unservable => V1.PoolProblem.Unservable,
        PoolProblem.BudgetFull => V1.PoolProblem.BudgetFull,
        PoolProblem.HostPressure => V1.PoolProblem.HostPressure,
        PoolProblem.StartsFail => V1.PoolProblem.StartsFail,
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, message: null),
    };
}
