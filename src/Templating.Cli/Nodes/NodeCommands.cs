using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Nodes;

internal static class NodeCommands
{
    public static CliCommand Create(Globals globals) => new(
        "node",
        "The node: what it is, has and does.",
        "templating node info",
        "templating node gc")
    {
        Info(globals),
        Collect(globals),
    };

    private static CliCommand Info(Globals globals) => globals.Run(
        new CliCommand("info", "Shows the daemon's version, QEMU, budget and problems.", "templating node info", "templating node info -o json"),
        async (context, cancellationToken) =>
        {
            var node = await context.Client.Node.GetNodeAsync(new GetNodeRequest(), deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => Sheet(node), node, context.Address.ToString());
            return ExitCode.Ok;
        });

    private static CliCommand Collect(Globals globals) => globals.Run(
        new CliCommand(
            "gc",
            "Deletes images that no template uses and what killed builds left. Only for callers that may act for all tenants.",
            "templating node gc"),
        async (context, cancellationToken) =>
        {
            var result = await context.Client.Node.CollectGarbageAsync(
                new CollectGarbageRequest(), deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(
                () =>
                [
                    ("Images", $"{result.Images}"),
                    ("Staging folders", $"{result.StagingFolders}"),
                    ("Freed", ByteSize.Format(result.FreedBytes)),
                ],
                result, ByteSize.Format(result.FreedBytes));
            return ExitCode.Ok;
        });

    private static IEnumerable<(string Label, string Value)> Sheet(V1.Node node) =>
    [
        ("Problem", node.Problem),
        ("Version", node.Version),
        ("QEMU", $"{node.QemuVersion} at {node.QemuPath}"),
        ("Machine", node.MachineType),
        ("Accelerator", Words.Of(node.Accelerator)),
        ("Why not KVM", node.KvmProblem),
        ("Memory", $"{ByteSize.Format(node.MemoryChargedBytes)} of {ByteSize.Format(node.MemoryBudgetBytes)} charged"),
        ("VMs", $"{node.Clones} of {node.MaxClones}{(node.WaitingVms > 0 ? $", {node.WaitingVms} of them wait in pools" : "")}"),
        ("Blank VMs", $"{node.BlankVms} wait{(node.BlankProblem.Length > 0 ? $"; none are made: {node.BlankProblem}" : "")}"),
        ("Templates", $"{node.Templates}"),
        ("Store", $"{node.StorePath}, {ByteSize.Format(node.StoreFreeBytes)} free"),
    ];
}
