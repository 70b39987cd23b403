using System.ComponentModel.DataAnnotations;
using Templating.Core.Blanks;

namespace Templating.Node.Options;

/// <summary>Blank VMs: QEMUs that are started before it is known which template they will be clones of.</summary>
public sealed class BlanksOptions
{
    /// <summary>How many wait for each shape of machine that is in use. Default 1; at most 64; 0 means none.</summary>
    [Range(0, 64)]
    public int Count { get; set; } = BlankOptions.DefaultCount;

    /// <summary>How many wait in all. Default 4; 1 to 256.</summary>
    [Range(1, 256)]
    public int Max { get; set; } = BlankOptions.DefaultMost;

    /// <summary>How long a shape stays in use after its last start. Default 10 minutes; 1 s to 30 days.</summary>
    [Duration(1, 30 * 24 * 3600)]
    public TimeSpan IdleLimit { get; set; } = BlankOptions.DefaultIdleLimit;
}
