using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Templates;

internal static class TemplateDeleteCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = TemplateShowCommand.NameArgument(globals);
        var force = OptionKinds.Flag("--force", "Stop and delete the clones that use it first");
        var command = new CliCommand(
            "delete",
            "Deletes a template with all its revisions, or the one revision named.",
            "templating template delete web",
            "templating template delete web@3f2a91c0d4e8",
            "templating template delete web --force")
        {
            name, force,
        };
        command.Aliases.Add("rm");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var response = await context.Client.Templates.DeleteTemplateAsync(
                new DeleteTemplateRequest
                {
                    Name = await RevisionNames.ResolveAsync(context, context.Get(name), cancellationToken),
                    Force = context.Get(force),
                },
                deadline: context.Deadline, cancellationToken: cancellationToken);
            context.Print([new Column<string>("DELETED", n => n)], response.Deleted, response, n => n);
            return ExitCode.Ok;
        });
    }
}
