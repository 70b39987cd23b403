using Microsoft.Extensions.Options;

namespace Templating.Operator.Telemetry;

[OptionsValidator]
internal sealed partial class PoolMetricsOptionsValidator : IValidateOptions<PoolMetricsOptions>;
