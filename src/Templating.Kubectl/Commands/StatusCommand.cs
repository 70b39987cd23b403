using System.CommandLine;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Output;

namespace Templating.Kubectl.Commands;

internal static class StatusCommand
{
    public static Command Create(Globals globals, TextWriter output, TimeProvider time)
    {
        var command = new Command("status", "Shows templates, pools, clones and nodes.");
        command.Run(globals, async (cluster, _, cancellationToken) =>
        {
            var snapshot = await ClusterReader.ReadAsync(cluster, withEvents: false, cancellationToken);
            await output.WriteAsync(StatusText.Of(snapshot, cluster.ListNamespace is null, time));
            return ExitCode.Ok;
        });
        return command;
    }
}
