using System.ComponentModel.DataAnnotations;

namespace Templating.Operator.Leadership;

/// <summary>Which of several operators works. In seconds, as Kubernetes' own components have them.</summary>
internal sealed class LeaderOptions
{
    /// <summary>The Lease's name, in the operator's namespace.</summary>
    [Required]
    public string Name { get; set; } = "templating-operator";

    /// <summary>Others may take over when the leader did not renew for so long; default 15.</summary>
    [Range(1, 3600)]
    public double LeaseSeconds { get; set; } = 15;

    /// <summary>A leader that could not renew for so long stops by itself; less than LeaseSeconds, default 10.</summary>
    [Range(1, 3600)]
    public double RenewDeadlineSeconds { get; set; } = 10;

    /// <summary>Between tries to take or to renew; default 2.</summary>
    [Range(0.1, 600)]
    public double RetrySeconds { get; set; } = 2;
}
