using Templating.Core.Capacity;

namespace Templating.Core.Vms;

/// <summary>The turns at starting VMs, of which all that start some on this node take theirs.</summary>
internal static class StartTurns
{
    /// <summary>
    /// Times the starts of all: guests that keep silent are not counted among those of all, and their tenant starts others
    /// beside as many of them.
    /// </summary>
    private const int PerTenant = 2;

    /// <param name="most">At once in all.</param>
    /// <param name="time">The clock.</param>
    public static FairTurns Of(int most, TimeProvider time) =>
        new(new TurnRules { What = "starts", InAll = most, PerTenant = _ => PerTenant * most }, time);
}
