using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Sandboxes;

internal static class SandboxShowCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = new Argument<string>("ID") { HelpName = "ID", Description = "The sandbox's id, or its clone's full name" };
        id.CompletionSources.Add(new Completions(globals).Sandboxes);
        var command = new CliCommand(
            "show",
            "Shows all about a sandbox: its clone, its owner, the socket of its owner's port, what it may still grow by.",
            "templating sandbox show pod-1",
            "templating sandbox show pod-1 -o json")
        {
            id,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new GetSandboxRequest { Name = ObjectNames.Clone(context.Tenant, context.Get(id)) };
            var sandbox = await context.Client.Sandboxes.GetSandboxAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => SandboxColumns.Sheet(sandbox, globals.Host.Clock), sandbox, sandbox.Clone_.Name);
            return ExitCode.Ok;
        });
    }
}
