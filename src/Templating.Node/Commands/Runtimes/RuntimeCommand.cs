using System.Text.Json.Nodes;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Terminal.Tables;

namespace Templating.Node.Commands.Runtimes;

/// <summary>The shim of containerd on this host: placed, taken out again, and whether it is there.</summary>
internal static class RuntimeCommand
{
    public static CliCommand Create(Globals globals)
    {
        var options = new RuntimeOptions();
        return new CliCommand(
            "runtime",
            "The runtime by which containerd gives a pod a VM of its own, on this host. Needs no daemon.",
            "templating runtime status",
            "templating runtime install")
        {
            Status(globals, options), Install(globals, options), Uninstall(globals, options),
        };
    }

    private static CliCommand Status(Globals globals, RuntimeOptions options)
    {
        var command = new CliCommand(
            "status",
            "Shows what install would change, and changes nothing. Fails where anything is to be done.",
            "templating runtime status",
            "templating runtime status -o json");
        options.AddTo(command, changes: false);
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var faults = new Faults();
            var target = options.Target(context);
            var containerd = await new ContainerdClient(options.Socket(context), context.Host.Clock).AskAsync(cancellationToken);
            var plan = new RuntimePlanner(target, containerd, faults).Install();
            Print(context, target, containerd, plan);
            Check(faults, "The runtime cannot be installed as things are:");
            return plan.IsDone ? ExitCode.Ok : ExitCode.Precondition;
        });
    }

    private static CliCommand Install(Globals globals, RuntimeOptions options)
    {
        var command = new CliCommand(
            "install",
            "Places the shim, tells containerd of it and restarts containerd, which leaves running containers alone. Where containerd does not take it, all is put back. Does nothing where it is there already.",
            "templating runtime install",
            "templating runtime install --bin-folder /opt/bin",
            "templating runtime install --restart-command 'rc-service containerd restart'");
        options.AddTo(command, changes: true);
        // A change that was begun is ended, or undone.
        command.OwnsSignals = true;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var faults = new Faults();
            var target = options.Target(context);
            var client = new ContainerdClient(options.Socket(context), context.Host.Clock);
            var containerd = await client.AskAsync(cancellationToken);
            var plan = new RuntimePlanner(target, containerd, faults).Install();
            Check(faults, "The runtime is not installed, and nothing was changed:");
            using var signals = new LateSignals(cancellationToken);
            await Installer(context, options, client).RunAsync(plan, target.Handler, isWanted: true, signals.Token);
            Print(context, target, containerd, plan);
            return ExitCode.Ok;
        });
    }

    private static CliCommand Uninstall(Globals globals, RuntimeOptions options)
    {
        var force = OptionKinds.Flag("--force", "Also while pods run with it: containerd cannot clean up behind them then");
        var command = new CliCommand(
            "uninstall",
            "Takes out what install put in: first containerd's configuration, with a restart, and the shim last.",
            "templating runtime uninstall")
        {
            force,
        };
        options.AddTo(command, changes: true);
        // A change that was begun is ended, or undone.
        command.OwnsSignals = true;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var faults = new Faults();
            var target = options.Target(context);
            var client = new ContainerdClient(options.Socket(context), context.Host.Clock);
            var containerd = await client.AskAsync(cancellationToken);
            var living = context.Get(force) ? 0 : LivingShims.Count("/proc");
            faults.Require(
                living == 0, "pods",
                $"{living} pods of this node run with it. Their VMs would go on, and containerd would have nobody to clean up behind them. Delete them first, or say --force.");
            var plan = new RuntimePlanner(target, containerd, faults).Uninstall();
            Check(faults, "The runtime is not taken out, and nothing was changed:");
            using var signals = new LateSignals(cancellationToken);
            await Installer(context, options, client).RunAsync(plan, target.Handler, isWanted: false, signals.Token);
            Print(context, target, containerd, plan);
            return ExitCode.Ok;
        });
    }

    private static RuntimeInstaller Installer(CliContext context, RuntimeOptions options, IContainerd containerd) => new(
        containerd, new HostShell(Path.GetTempPath()), context.Host.Clock, options.Restart(context), options.Patience(context), context.Note);

    private static void Check(Faults faults, string what)
    {
        if (faults.All.Count > 0)
        {
            throw new CliException(ExitCode.Precondition, what) { Violations = faults.All };
        }
    }

    private static void Print(CliContext context, RuntimeTarget target, ContainerdAnswer? containerd, RuntimePlan plan)
    {
        context.Print(
            [
                new Column<PlannedFile>("ACTION", f => f.Action),
                new Column<PlannedFile>("WHAT", f => f.What),
                new Column<PlannedFile>("FILE", f => f.Path),
            ],
            [.. plan.Files],
            () => new JsonObject
            {
                ["handler"] = target.Handler,
                ["containerd"] = containerd?.Version ?? "",
                ["loaded"] = containerd?.Handlers?.Contains(target.Handler) == true,
                ["restart"] = plan.NeedsRestart,
                ["files"] = new JsonArray([.. plan.Files.Select(f => (JsonNode)new JsonObject
                {
                    ["action"] = f.Action,
                    ["what"] = f.What,
                    ["path"] = f.Path,
                })]),
            },
            f => f.Path);
    }
}
