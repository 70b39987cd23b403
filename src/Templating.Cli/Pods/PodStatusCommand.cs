using System.CommandLine;
using Templating.Api.Pods;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Pods;

internal static class PodStatusCommand
{
    public static CliCommand Create(Globals globals, Option<string> volume)
    {
        var memory = OptionKinds.Flag("--memory", "Also what it costs the host in memory; reading that takes milliseconds");
        var command = new CliCommand("status", "Shows the state of this pod's VM.", "templating pod status -o json") { memory };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var status = await Client(context, volume).QueryAsync(context.Get(memory), cancellationToken);
            context.PrintSheet(() => Sheet(status), status, status.Id);
            return ExitCode.Ok;
        });
    }

    public static CliCommand CreateReady(Globals globals, Option<string> volume)
    {
        var command = new CliCommand(
            "ready", "Ends with 0 when the guest has confirmed its identity, else with 1: for a readiness probe.", "templating pod ready");
        command.FailureCode = ExitCode.Failure;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var status = await Client(context, volume).QueryAsync(withMemory: false, cancellationToken);
            if (status.State == PodState.Ready)
            {
                return ExitCode.Ok;
            }

            context.Note($"The pod is {Words.Of(status.State)}.");
            return ExitCode.Failure;
        });
    }

    public static PodClient Client(CliContext context, Option<string> volume) => new(VolumeLayout.SocketPath(context.Get(volume)));

    private static IEnumerable<(string Label, string Value)> Sheet(PodStatus status)
    {
        yield return ("State", Words.Of(status.State) + (status.StateReason.Length > 0 ? $": {status.StateReason}" : ""));
        yield return ("Id", status.Id);
        yield return ("Request id", status.RequestId);
        if (status.Identity is { } identity)
        {
            yield return ("Hostname", identity.Hostname);
            yield return ("Machine id", identity.MachineId);
        }

        yield return ("Ports", string.Join(", ", status.Network.Forwards.Select(f => $"{f.HostPort} to {f.GuestPort}")));
        yield return ("Phases", string.Join(", ", status.Phases.Select(p => $"{p.Name} {Words.Milliseconds(p.Duration)} ms")));
        if (status.Memory is { } memory)
        {
            yield return ("Private memory", ByteSize.Format(memory.Private));
            yield return ("Proportional memory", ByteSize.Format(memory.Proportional));
        }
    }
}
