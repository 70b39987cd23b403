using System.CommandLine;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Output;

namespace Templating.Kubectl.Commands;

internal static class StatusCommand
{
    public static Command Create(Globals globals, PluginHost host, TimeProvider time)
    {
        var wide = Globals.Wide();
        var command = new Command("status", "Shows templates, pools, clones and nodes.") { wide };
        command.Run(globals, async (cluster, parse, cancellationToken) =>
        {
            var snapshot = await ClusterReader.ReadAsync(cluster, withEvents: false, cancellationToken);
            await host.Out.WriteAsync(StatusText.Of(snapshot, cluster.ListNamespace is null, time, parse.GetValue(wide) ? null : host.Width()));
            return ExitCode.Ok;
        });
        return command;
    }
}
