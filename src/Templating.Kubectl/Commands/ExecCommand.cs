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
    private static readonly string[] Exec = ["templating", "pod", "exec", "-i", "--"];

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
        var command = new Command("exec", "Runs a program in a VM's guest, and ends with its exit code.") { name, program };
        command.Run(globals, async (cluster, parse, cancellationToken) =>
            await KubectlExec.AttachAsync(
                cluster,
                await FindAsync(cluster, parse.GetRequiredValue(name), cancellationToken),
                terminal: false,
                [.. Exec, .. parse.GetRequiredValue(program)],
                cancellationToken));
        return command;
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
