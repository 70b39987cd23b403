using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Pools;

internal static class PoolColumns
{
    public static IReadOnlyList<Column<Pool>> List(bool tenants) =>
    [
        .. tenants ? [new Column<Pool>("TENANT", p => p.Name.Split('/')[1])] : Array.Empty<Column<Pool>>(),
        new("NAME", p => ObjectNames.Last(p.Name)),
        new("TEMPLATE", TemplateOf),
        new("RESTORED", p => $"{p.Status.Restored}/{p.Status.WantedRestored}", Right: true),
        new("PREPARED", p => $"{p.Status.Prepared}/{p.Sizes.Prepared}", Right: true),
        new("HITS", p => $"{p.Status.HitsRestored + p.Status.HitsPrepared}", Right: true),
        new("MISSES", p => $"{p.Status.Misses}", Right: true),
        new("PROBLEM", p => Words.Of(p.Status.Problem)),
        new("MAX", p => p.Sizes.MaxRestored == 0 ? "" : $"{p.Sizes.MaxRestored}", Wide: true, Right: true),
        new("SPARE", p => p.Sizes.MaxRestored == 0 ? "" : $"{p.Sizes.Spare}", Wide: true, Right: true),
        new("FAILURES", p => $"{p.Status.Failures}", Wide: true, Right: true),
        new("CHARGED", p => ByteSize.Format(p.Status.ChargedBytes), Wide: true, Right: true),
        new("REVISION", p => Words.ShortRevision(ObjectNames.Last(p.Status.Revision)), Wide: true),
        new("REASON", p => p.Status.ProblemText, Wide: true),
    ];

    public static IEnumerable<(string Label, string Value)> Sheet(Pool pool, TimeProvider clock) =>
    [
        ("Name", pool.Name),
        ("Template", pool.Template),
        ("Revision", ObjectNames.Last(pool.Status.Revision)),
        ("Restored", $"{pool.Status.Restored} of {pool.Status.WantedRestored}"),
        ("Prepared", $"{pool.Status.Prepared} of {pool.Sizes.Prepared}"),
        ("Starting", pool.Status.Starting == 0 ? "" : $"{pool.Status.Starting}"),
        ("Demand", pool.Sizes.MaxRestored == 0 ? "" : $"followed from {pool.Sizes.Restored} to {pool.Sizes.MaxRestored}, {pool.Sizes.Spare} spare"),
        ("Charged", pool.Status.ChargedBytes == 0 ? "" : ByteSize.Format(pool.Status.ChargedBytes)),
        ("Hits", $"{pool.Status.HitsRestored} restored, {pool.Status.HitsPrepared} prepared"),
        ("Misses", $"{pool.Status.Misses}"),
        ("Failures", $"{pool.Status.Failures}"),
        ("Problem", Words.Of(pool.Status.Problem)),
        ("Reason", pool.Status.ProblemText),
        ("Tried again", pool.Status.RetryTime is null ? "" : $"in {Age.Until(pool.Status.RetryTime, clock)}"),
        .. pool.Status.Vms.Select(vm => (
            "VM", $"{Words.Of(vm.State).ToLowerInvariant()}, process {vm.Pid}, for {Age.Of(vm.SinceTime, clock)}, {ByteSize.Format(vm.ChargedBytes)}")),
    ];

    /// <summary>The NAME of tenants/T/templates/NAME, with @REVISION where it is of that one alone.</summary>
    private static string TemplateOf(Pool pool) => pool.Template.Split('/') switch
    {
        [_, _, _, var name] => name,
        [_, _, _, var name, _, var revision] => $"{name}@{Words.ShortRevision(revision)}",
        _ => pool.Template,
    };
}
