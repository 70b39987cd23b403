using Templating.Contract;

namespace Templating.Core.Templates;

/// <summary>
/// The rules of a <see cref="TemplateSpec"/>. All faults are gathered, each under its path in the wire API, so that a
/// caller mends a request once. These rules look at no disk; <see cref="GuestFiles"/> looks at the files.
/// </summary>
public static class TemplateSpecValidator
{
    /// <returns>All faults; empty when there is none.</returns>
    public static IReadOnlyList<FieldViolation> Validate(TemplateSpec spec) =>
    [
        .. GuestRules.Check(spec.Guest),
        .. MachineRules.Check(spec.Machine),
        .. ReadinessRules.Check(spec.Readiness),
        .. NetworkRules.Check("spec.network.forwards", spec.Network.Forwards),
        .. FieldViolation.Unless(
            !spec.Sandbox || (!spec.Network.Outbound && spec.Network.Forwards.Count == 0), "spec.network",
            "A sandbox has no network card of its own, so nothing can be forwarded to it and it reaches nothing; leave the network out and plug a card into its clones, "
            + "or leave sandbox out."),
    ];
}
