namespace Templating.Operator.Reconcilers.Clones;

/// <summary>The conditions of a VMClone, in the order in which they come true.</summary>
internal static class CloneConditions
{
    public const string Accepted = "Accepted";

    public const string Scheduled = "Scheduled";

    public const string Restored = "Restored";

    public const string IdentityConfirmed = "IdentityConfirmed";

    public const string Ready = "Ready";

    public const string Finished = "Finished";
}
