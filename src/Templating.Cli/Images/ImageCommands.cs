using Templating.Cli.Base;

namespace Templating.Cli.Images;

internal static class ImageCommands
{
    public static CliCommand Create(Globals globals) => new(
        "image",
        "Images: read-only filesystems that are plugged into clones while they run.",
        "templating image publish --folder /srv/trees/app",
        "templating image list")
    {
        ImagePublishCommand.Create(globals),
        ImageListCommand.Create(globals),
        ImageDeleteCommand.Create(globals),
    };
}
