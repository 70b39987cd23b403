using System.ComponentModel.DataAnnotations;
using Templating.Operator.Settings;

namespace Templating.Operator.Pods;

/// <summary>What every VM pod has of the installation, and how long nodes are waited for.</summary>
internal sealed class PodOptions
{
    public const string Section = "Pods";

    /// <summary>The image of VM pods: that of the node's daemon.</summary>
    [Required]
    public string Image { get; set; } = "localhost/templating:dev";

    /// <summary>IfNotPresent, Always or Never.</summary>
    [Required, RegularExpression("^(IfNotPresent|Always|Never)$")]
    public string ImagePullPolicy { get; set; } = "IfNotPresent";

    /// <summary>
    /// What QEMU and the pod's process need beside the guest's RAM, in MiB. Under TCG the cache of translated code alone
    /// grows to 32 MiB, QEMU's heap and firmware take 30 MiB, the pod's process 25 MiB.
    /// </summary>
    [Range(32, 4096)]
    public int OverheadMiB { get; set; } = 128;

    /// <summary>How long a node may be not ready until its VM pods count as lost.</summary>
    public TimeSpan NodeLostAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a node's daemon may be away until no VM pods are put there any more, and those that did not start there are made
    /// again elsewhere. A restart takes 10 s, an update as much and the pull of its image.
    /// </summary>
    public TimeSpan DaemonLostAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a pool that is not empty is left as it is after a VMClone took one of its VMs: so long a guest takes to become its own.</summary>
    [TimeRange("00:00:00", "00:01:00")]
    public TimeSpan RefillDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long the status of a full pool may be behind while VMClones take of it and it is filled again. So long a VM pod takes to start, so
    /// that the status of a pool is written once for a claim, or once for all claims of that time.
    /// </summary>
    [TimeRange("00:00:00", "00:01:00")]
    public TimeSpan PoolStatusDelay { get; set; } = TimeSpan.FromSeconds(3);
}
