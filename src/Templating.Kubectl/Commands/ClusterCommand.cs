using System.CommandLine;
using Templating.Kubectl.Cluster;

namespace Templating.Kubectl.Commands;

internal static class ClusterCommand
{
    /// <summary>Runs the command with the cluster that its options name.</summary>
    public static void Run(this Command command, Globals globals, Func<ClusterConnection, ParseResult, CancellationToken, Task<int>> run) =>
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var cluster = await ClusterConnection.OpenAsync(globals.Read(parse), cancellationToken);
            return await run(cluster, parse, cancellationToken);
        });
}
