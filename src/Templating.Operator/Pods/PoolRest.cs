using Microsoft.Extensions.Options;

namespace Templating.Operator.Pods;

/// <summary>
/// A pool is left as it is for a moment after a VMClone took one of its VMs. The pod that takes its place would start at once, often on the same
/// node, beside the guest that is just becoming the VMClone's.
/// </summary>
internal sealed class PoolRest(IOptions<PodOptions> options, TimeProvider time) : PoolPause(options.Value.RefillDelay, time);
