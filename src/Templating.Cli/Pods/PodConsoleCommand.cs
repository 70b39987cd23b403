using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Guests;
using Templating.V1;

namespace Templating.Cli.Pods;

internal static class PodConsoleCommand
{
    public static CliCommand Create(Globals globals, Option<string> volume)
    {
        var flags = new ConsoleFlags();
        var command = new CliCommand(
            "console",
            "Attaches to the serial console of this pod's guest, both ways. Ctrl-] leaves it; the guest goes on.",
            "templating pod console",
            "templating pod console --no-follow | tail -20");
        flags.AddTo(command);
        return globals.Run(command, async (context, cancellationToken) =>
        {
            using var call = await PodStatusCommand.Client(context, volume).AttachConsoleAsync(cancellationToken);
            return await flags.RunAsync(context, call, new AttachConsoleStart { Name = "the pod's console" }, cancellationToken);
        });
    }
}
