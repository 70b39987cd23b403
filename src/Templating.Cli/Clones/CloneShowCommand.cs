using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneShowCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = IdArgument(globals);
        var memory = OptionKinds.Flag("--memory", "Also what it costs the host in memory and CPU time; reading that takes milliseconds");
        var command = new CliCommand(
            "show",
            "Shows all about a clone.",
            "templating clone show web-1 --memory",
            "templating clone show web-1 -o yaml")
        {
            id, memory,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new GetCloneRequest
            {
                Name = ObjectNames.Clone(context.Tenant, context.Get(id)),
                View = context.Get(memory) ? CloneView.Full : CloneView.Basic,
            };
            var clone = await context.Client.Clones.GetCloneAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => CloneColumns.Sheet(clone, globals.Host.Clock), clone, clone.Name);
            return ExitCode.Ok;
        });
    }

    public static Argument<string> IdArgument(Globals globals)
    {
        var id = new Argument<string>("ID") { HelpName = "ID", Description = "The clone's id, or its full name" };
        id.CompletionSources.Add(new Completions(globals).Clones);
        return id;
    }
}
