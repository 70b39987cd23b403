using System.CommandLine;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Guests;

namespace Templating.Cli.Pods;

internal static class PodExecCommand
{
    /// <summary>The reason (docs/errors.md) of a pod whose guest ended.</summary>
    private const string GuestStopped = "GUEST_STOPPED";

    public static CliCommand Create(Globals globals, Option<string> volume)
    {
        var flags = new ExecFlags();
        var command = new CliCommand(
            "exec",
            "Runs a program in this pod's guest; ends with its exit code, or with 125 where it could not be run or watched. Where the guest powers off meanwhile, with 0.",
            "templating pod exec -- uname -a",
            "templating pod exec -it -- sh",
            "templating pod exec -i -- tar -x -C /tmp < files.tar");
        flags.AddTo(command);
        command.FailureCode = ExitCode.Exec;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var start = flags.Read(context);
            using var call = await PodStatusCommand.Client(context, volume).ExecAsync(cancellationToken);
            using var session = new ExecSession(context.Host, call);
            try
            {
                return await session.RunAsync(start, cancellationToken);
            }
            catch (TemplatingClientException e) when (string.Equals(e.Reason, GuestStopped, StringComparison.Ordinal))
            {
                context.Note(e.Message);
                return ExitCode.Ok;
            }
        });
    }
}
