using System.CommandLine;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Images;

internal static class ImageListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var all = new Option<bool>("--all-tenants", "-A") { Description = "Of all tenants you may see" };
        var command = new CliCommand(
            "list", "Lists images.", "templating image list", "templating image list --all-tenants -o wide", "templating image list -o name")
        {
            all,
        };
        command.Aliases.Add("ls");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = context.Get(all) ? ObjectNames.AllTenants : ObjectNames.Parent(context.Tenant);
            var images = await context.Client.Images.ListAllAsync(parent, context.Deadline, cancellationToken).ToListAsync(cancellationToken);
            context.Print(
                ImageColumns.List(globals.Host.Clock, context.Get(all)), images, new ListImagesResponse { Images = { images } }, image => image.Name);
            if (images.Count == 0)
            {
                context.Note($"No images in {ObjectNames.Told(parent)}.");
            }

            return ExitCode.Ok;
        });
    }
}
