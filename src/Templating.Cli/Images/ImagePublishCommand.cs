using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.V1;

namespace Templating.Cli.Images;

internal static class ImagePublishCommand
{
    public static CliCommand Create(Globals globals)
    {
        var layers = OptionKinds.Texts("--layer", "FOLDER", "A folder of the node that never changes again; the first lies on top of the others");
        var folder = OptionKinds.Text("--folder", "FOLDER", "A folder of the node, as it is now");
        var file = OptionKinds.Text("--file", "FILE", "A file of the node that is an image already");
        var command = new CliCommand(
            "publish",
            "Makes an image of folders or of a file of the node, or finds the one that was made of the same.",
            "templating image publish --folder /srv/trees/app",
            "templating image publish --layer /srv/trees/app --layer /srv/trees/base",
            "templating image publish --file /srv/trees/disk.erofs -o name")
        {
            layers, folder, file,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new PublishImageRequest { Tenant = context.Tenant };
            switch (context.Get(layers), context.Get(folder), context.Get(file))
            {
                case ({ Length: > 0 } paths, null, null):
                    request.Layers = new ImageLayers { Lowerdirs = { paths } };
                    break;
                case (null or [], { } path, null):
                    request.Folder = path;
                    break;
                case (null or [], null, { } path):
                    request.File = path;
                    break;
                default:
                    throw new CliException(ExitCode.Usage, "One of --layer, --folder and --file is needed, and only one of them.");
            }

            var image = await context.Client.Images.PublishImageAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => ImageColumns.Sheet(image), image, image.Name);
            return ExitCode.Ok;
        });
    }
}
