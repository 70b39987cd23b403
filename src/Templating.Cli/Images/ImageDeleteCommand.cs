using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Images;

internal static class ImageDeleteCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = new Argument<string>("DIGEST") { HelpName = "DIGEST", Description = "An image, by its digest" };
        name.CompletionSources.Add(new Completions(globals).Images);
        var command = new CliCommand(
            "delete", "Deletes an image that no clone of the tenant holds.", $"templating image delete {new string('1', 64)}")
        {
            name,
        };
        command.Aliases.Add("rm");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var image = ObjectNames.Image(context.Tenant, context.Get(name));
            var response = await context.Client.Images.DeleteImageAsync(
                new DeleteImageRequest { Name = image }, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.Print([new Column<string>("DELETED", n => n)], [image], response, n => n);
            return ExitCode.Ok;
        });
    }
}
