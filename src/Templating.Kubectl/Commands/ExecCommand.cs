using System.CommandLine;
using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubernetes.Resources;
using Templating.Terminal.Descriptors;

namespace Templating.Kubectl.Commands;

/// <summary>Into a VM: its console, or a program in its guest.</summary>
internal static class ExecCommand
{
    private static readonly string[] Console = ["templating", "pod", "console"];
    private static readonly string[] Exec = ["templating", "pod", "exec", "-i"];

    public static Command CreateConsole(Globals globals)
    {
        var name = Name();
        var command = new Command("console", "Attaches to a VM's serial console. Ctrl-] leaves it; the guest goes on.") { name };
        command.Run(globals, async (cluster, parse, cancellationToken) =>
            await KubectlExec.AttachAsync(
                cluster, await FindAsync(cluster, parse.GetRequiredValue(name), cancellationToken), IsTerminal, Console, cancellationToken));
        return command;
    }

    public static Command CreateExec(Globals globals)
    {
        var name = Name();
        var program = new Argument<string[]>("COMMAND") { Arity = ArgumentArity.OneOrMore, Description = "The program and its arguments, after --" };
        // Standard input is passed on always; -i is there for hands that are used to it.
        var interactive = new Option<bool>("--stdin", "-i") { Description = "Pass standard input on, as is done without it, too" };
        var tty = new Option<bool>("--tty", "-t") { Description = "Run it at a terminal of its own, of this one's size" };
        var user = new Option<string?>("--user", "-u") { HelpName = "USER[:GROUP]", Description = "Whom it runs as, by the guest's names or numbers (default root)" };
        var command = new Command("exec", "Runs a program in a VM's guest, and ends with its exit code.") { name, program, interactive, tty, user };
        command.Run(globals, async (cluster, parse, cancellationToken) =>
        {
            var terminal = parse.GetValue(tty);
            if (terminal && !StandardDescriptors.IsTerminal(StandardDescriptors.Input))
            {
                throw new PluginException("Unable to use a TTY: standard input is not a terminal. Leave -t out, or run it at a terminal.");
            }

            return await KubectlExec.AttachAsync(
                cluster,
                await FindAsync(cluster, parse.GetRequiredValue(name), cancellationToken),
                terminal,
                Program(terminal, parse.GetValue(user), parse.GetRequiredValue(program)),
                cancellationToken);
        });
        return command;
    }

    /// <summary>What is run in the VM's container. Its environment knows no TERM; ours is the guest's.</summary>
    internal static IReadOnlyList<string> Program(bool terminal, string? user, IReadOnlyList<string> program)
    {
        var type = System.Environment.GetEnvironmentVariable("TERM");
        string[] tty = terminal ? ["-t", .. type is { Length: > 0 } ? ["-e", $"TERM={type}"] : Array.Empty<string>()] : [];
        string[] who = user is null ? [] : ["-u", user];
        return [.. Exec, .. tty, .. who, "--", .. program];
    }

    /// <summary>A terminal only where both ends of ours are one: else what is piped would be changed on its way.</summary>
    private static bool IsTerminal => StandardDescriptors.IsTerminal(StandardDescriptors.Input) && StandardDescriptors.IsTerminal(StandardDescriptors.Output);

    private static Argument<string> Name() => new("NAME") { Description = "A VMClone, or a VM pod" };

    private static async Task<V1Pod> FindAsync(ClusterConnection cluster, string name, CancellationToken cancellationToken)
    {
        var clones = await ClusterReader.ListAsync<VMClone>(cluster, VMClone.Plural, cancellationToken);
        var pods = await ClusterReader.PodsAsync(cluster, cancellationToken);
        return VmPods.Find(clones, pods, cluster.Namespace, name);
    }
}
