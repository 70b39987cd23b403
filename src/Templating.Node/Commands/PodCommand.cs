using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Guests;
using Templating.Cli.Pods;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.Node.PodProcess;
using Templating.V1;

namespace Templating.Node.Commands;

/// <summary>The process of a VM pod, and what is run beside it in its container.</summary>
internal static class PodCommand
{
    private const string DefaultVolume = "/run/templating";
    private const string DefaultRunFolder = "/run/vm";

    public static CliCommand Create(Globals globals)
    {
        var volume = new Option<string>("--volume")
        {
            HelpName = "DIR",
            Description = "Where the pod's volume of driver templating.dev is mounted",
            DefaultValueFactory = _ => DefaultVolume,
            Recursive = true,
        };
        var run = new Option<string>("--run")
        {
            HelpName = "DIR",
            Description = "A folder in memory for QEMU's sockets",
            DefaultValueFactory = _ => DefaultRunFolder,
        };
        var wait = OptionKinds.Flag("--wait", "Stay paused until an activation says who it is to be");
        var id = OptionKinds.Text("--id", "ID", "The clone's id (default: the environment's POD_NAME)");
        var publish = OptionKinds.Forwards("--publish", "A port of the pod, 1024 to 65535, that leads to a port of the guest, such as 8080:80");
        var grace = OptionKinds.Duration("--grace", "After SIGTERM, for the guest to power off (default 25s)");
        var lastWords = new Option<string>("--termination-log")
        {
            HelpName = "FILE",
            Description = "Where the reason of the end goes, if the file exists",
            DefaultValueFactory = _ => "/dev/termination-log",
        };
        var qemu = OptionKinds.Text("--qemu", "PATH", "qemu-system-x86_64 to use (default: the one in PATH)");
        var inputs = new GuestInputFlags();
        var command = new CliCommand(
            "pod",
            "The process of a VM pod: restores the clone that the pod's volume holds, gives it its identity, and ends with it: 0 when the guest powered off, 1 when it failed. The guest's console is its standard output.",
            "templating pod --publish 8080:80 --env MODE=test",
            "templating pod --wait",
            "templating pod exec -- uname -a")
        {
            volume, run, wait, id, publish, grace, lastWords, qemu,
            PodStatusCommand.CreateReady(globals, volume),
            PodStatusCommand.Create(globals, volume),
            PodExecCommand.Create(globals, volume),
            PodConsoleCommand.Create(globals, volume),
        };
        inputs.AddTo(command);
        command.OwnsSignals = true;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var faults = new Faults();
            var settings = new PodSettings
            {
                Volume = context.Get(volume),
                RunFolder = context.Get(run),
                QemuPath = context.Get(qemu),
                Forwards = ActivationReader.Forwards("--publish", context.Get(publish), faults),
                TerminationLog = context.Get(lastWords),
                Ip = context.Host.Environment("POD_IP") ?? "",
            };
            settings = context.Get(grace) is { } time ? settings with { Grace = time } : settings;
            var wire = await inputs.ReadAsync(context, cancellationToken);
            if (context.Get(wait))
            {
                faults.Require(
                    wire.Equals(new Activation()) && context.Get(id) is null, "--wait",
                    "Who it is to be comes with its activation; leave out --id, --hostname, --env, --env-file, --user-data, --file and --identity-timeout.");
            }
            else
            {
                wire.Id = context.Get(id) ?? IdOf(context.Host);
                settings = settings with { Self = ActivationReader.Read(wire, faults) };
            }

            try
            {
                faults.ThrowIfAny();
            }
            catch (TemplatingException e)
            {
                throw new CliException(ExitCode.Usage, "The pod's flags have faults:", e) { Violations = e.Violations };
            }

            return await new PodHost(settings, context.Host).RunAsync(cancellationToken);
        });
    }

    /// <summary>A pod's name may be longer than a label, and may have dots.</summary>
    private static string IdOf(CliHost host)
    {
        var name = host.Environment("POD_NAME") is { Length: > 0 } pod ? pod
            : throw new CliException(ExitCode.Usage, "It does not know who it is to be: give --id, set POD_NAME, or --wait for an activation.");
        name = name.Replace('.', '-');
        return name[..Math.Min(name.Length, Labels.MaxLength)].TrimEnd('-');
    }
}
