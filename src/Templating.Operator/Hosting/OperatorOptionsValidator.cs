using Microsoft.Extensions.Options;

namespace Templating.Operator.Hosting;

[OptionsValidator]
internal sealed partial class OperatorOptionsValidator : IValidateOptions<OperatorOptions>;

/// <summary>What concerns several options.</summary>
internal sealed class OperatorOptionsRules : IValidateOptions<OperatorOptions>
{
    public ValidateOptionsResult Validate(string? name, OperatorOptions options)
    {
        var faults = new List<string>();
        if (options.Leader.RenewDeadlineSeconds >= options.Leader.LeaseSeconds)
        {
            faults.Add($"Leader:RenewDeadlineSeconds ({options.Leader.RenewDeadlineSeconds}) must be less than Leader:LeaseSeconds ({options.Leader.LeaseSeconds}): or two would lead at once.");
        }

        if (options.Leader.RetrySeconds >= options.Leader.RenewDeadlineSeconds)
        {
            faults.Add($"Leader:RetrySeconds ({options.Leader.RetrySeconds}) must be less than Leader:RenewDeadlineSeconds ({options.Leader.RenewDeadlineSeconds}).");
        }

        if (!Uri.TryCreate(options.Listen, UriKind.Absolute, out var listen) || listen.Scheme != Uri.UriSchemeHttp)
        {
            faults.Add($"Listen '{options.Listen}' is not an address; use http://HOST:PORT.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
