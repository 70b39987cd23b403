using Templating.Node.Options;

namespace Templating.Node.Commands.Doctor;

/// <summary>The paths by the daemon's own rules: it would refuse to start over each fault that is found here, and over no other.</summary>
internal sealed class OptionsCheck : IHostCheck
{
    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Finding>>([.. Look(target)]);

    private static IEnumerable<Finding> Look(DoctorTarget target)
    {
        var options = new NodeOptions { StorePath = target.StorePath, RunPath = target.RunPath };
        string? broken = null;
        try
        {
            NodeFolders.Resolve(options);
        }
        catch (IOException e)
        {
            broken = e.Message;
        }

        var faults = broken is null ? NodeOptionsRules.FindFaults(options) : [broken];
        return faults.Count == 0
            ? [new Finding("paths", Verdict.Pass, $"The store is {options.StorePath}, the daemon's socket {options.EffectiveSocketPath}")]
            : faults.Select(fault => new Finding("paths", Verdict.Fail, fault, "Choose other paths with --store-path and --run-path."));
    }
}
