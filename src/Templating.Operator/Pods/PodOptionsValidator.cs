using Microsoft.Extensions.Options;

namespace Templating.Operator.Pods;

[OptionsValidator]
internal sealed partial class PodOptionsValidator : IValidateOptions<PodOptions>;
