using Microsoft.Extensions.Options;

namespace Templating.Node.Options;

/// <summary>The attributes of <see cref="NodeOptions"/>, checked all together.</summary>
[OptionsValidator]
internal sealed partial class NodeOptionsValidator : IValidateOptions<NodeOptions>;
