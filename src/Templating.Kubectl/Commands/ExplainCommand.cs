using System.CommandLine;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Explaining;

namespace Templating.Kubectl.Commands;

internal static class ExplainCommand
{
    public static Command Create(Globals globals, TextWriter output)
    {
        var name = new Argument<string>("NAME")
        {
            Description = "vmclone/NAME, vmpool/NAME, vmtemplate/NAME, or the bare name of a VMClone, VMPool or VMTemplate",
        };
        var command = new Command("explain", "Says why something is not ready, and what to do.") { name };
        command.Run(globals, async (cluster, parse, cancellationToken) =>
        {
            var snapshot = await ClusterReader.ReadAsync(cluster, withEvents: true, cancellationToken);
            var wanted = parse.GetRequiredValue(name);
            var found = Explainer.Explain(snapshot, cluster.Namespace, wanted);
            if (found.Count == 0)
            {
                throw new PluginException($"There is no VMClone, VMPool or VMTemplate '{wanted}' in namespace '{cluster.Namespace}'.");
            }

            await output.WriteLineAsync(string.Join("\n\n", found.Select(ExplanationText.Of)));
            return ExitCode.Ok;
        });
        return command;
    }
}
