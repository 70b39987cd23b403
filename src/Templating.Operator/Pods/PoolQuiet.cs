using Microsoft.Extensions.Options;

namespace Templating.Operator.Pods;

/// <summary>What is written of a pool while it is only taken from and filled again is written once for all of it.</summary>
internal sealed class PoolQuiet(IOptions<PodOptions> options, TimeProvider time) : PoolPause(options.Value.PoolStatusDelay, time);
