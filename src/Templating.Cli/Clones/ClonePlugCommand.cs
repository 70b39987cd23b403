using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class ClonePlugCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var image = OptionKinds.Text("--image", "DIGEST", "An image that its tenant has published, read-only");
        var disk = OptionKinds.Size("--disk", "An empty disk of its own, a multiple of 1MiB; gone with the clone");
        var serial = OptionKinds.Text("--serial", "TEXT", "By which the guest finds the disk (default: one is made up)");
        var ext4 = OptionKinds.Flag("--ext4", "The disk has an empty ext4 on it; else it is all zeros");
        var network = OptionKinds.Text("--nic-netns", "PATH", "A network card that leads into this network namespace, such as /run/netns/pod");
        var tap = OptionKinds.Text("--nic-tap", "NAME", "The card's other end there; one that is there is taken (default: a new one)");
        var mac = OptionKinds.Text("--nic-mac", "MAC", "The card's address (default: one is made up)");
        var mtu = OptionKinds.Number("--nic-mtu", DeviceRules.LeastMtu, DeviceRules.MostMtu, "Of both of the card's ends");
        var command = new CliCommand(
            "plug",
            "Plugs a device into a running clone of a sandbox.",
            "templating clone plug web-1 --disk 10GiB --ext4 --serial scratch",
            "templating clone plug web-1 --nic-netns /run/netns/pod --nic-tap tap0")
        {
            id, image, disk, serial, ext4, network, tap, mac, mtu,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new PlugCloneRequest { Name = ObjectNames.Clone(context.Tenant, context.Get(id)) };
            switch (context.Get(image), context.Get(disk), context.Get(network))
            {
                case ({ } digest, null, null):
                    request.Image = new PlugImage { Digest = digest };
                    break;
                case (null, { } bytes, null):
                    request.Disk = new PlugDisk
                    {
                        SizeBytes = bytes,
                        Serial = context.Get(serial) ?? "",
                        Format = context.Get(ext4) ? DiskFormat.Ext4 : DiskFormat.Unspecified,
                    };
                    break;
                case (null, null, { } path):
                    request.Nic = new PlugNic
                    {
                        NetworkNamespace = path,
                        Tap = context.Get(tap) ?? "",
                        Mac = context.Get(mac) ?? "",
                        Mtu = context.Get(mtu) ?? 0,
                    };
                    break;
                default:
                    throw new CliException(ExitCode.Usage, "Say what is to be plugged: one of --image, --disk and --nic-netns.");
            }

            RequireOf(request.Disk is not null, "--disk", ("--serial", context.Get(serial)), ("--ext4", context.Get(ext4) ? true : null));
            RequireOf(request.Nic is not null, "--nic-netns", ("--nic-tap", context.Get(tap)), ("--nic-mac", context.Get(mac)), ("--nic-mtu", context.Get(mtu)));
            var answer = await context.Client.Clones.PlugCloneAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => CloneColumns.Sheet(answer.Device), answer.Device, answer.Device.Id);
            return ExitCode.Ok;
        });
    }

    public static CliCommand CreateUnplug(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var device = new System.CommandLine.Argument<string>("DEVICE") { HelpName = "DEVICE", Description = "As clone show has it: plug0" };
        var command = new CliCommand(
            "unplug",
            "Takes a disk or a network card from a running clone, when its guest has let go of it.",
            "templating clone unplug web-1 plug0")
        {
            id, device,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new UnplugCloneRequest { Name = ObjectNames.Clone(context.Tenant, context.Get(id)), Device = context.Get(device) };
            var clone = await context.Client.Clones.UnplugCloneAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => CloneColumns.Sheet(clone, globals.Host.Clock), clone, clone.Name);
            return ExitCode.Ok;
        });
    }

    private static void RequireOf(bool isThat, string of, params ReadOnlySpan<(string Option, object? Value)> options)
    {
        foreach (var (option, value) in options)
        {
            if (!isThat && value is not null)
            {
                throw new CliException(ExitCode.Usage, $"{option} is for {of} alone.");
            }
        }
    }
}
