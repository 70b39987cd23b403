using System.ComponentModel.DataAnnotations;

namespace Templating.Node.Options;

/// <summary>A stretch of user ids that nobody else on the machine uses. Needs a daemon that is root.</summary>
public sealed class VmUserRange
{
    /// <summary>The first user id. Never 0, and below 2^31, beyond which some tools fail.</summary>
    [Range(1, int.MaxValue)]
    public int FirstUid { get; set; } = 2_000_000_000;

    /// <summary>How many there are: as many VMs can run at once. 0 means VMs run as the daemon's own user.</summary>
    [Range(0, 1_000_000)]
    public int Count { get; set; } = 65_536;
}
