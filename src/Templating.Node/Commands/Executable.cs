using Templating.Cli.Base;
using Templating.Cli.Clones;
using Templating.Cli.Images;
using Templating.Cli.Nodes;
using Templating.Cli.Pools;
using Templating.Cli.Root;
using Templating.Cli.Sandboxes;
using Templating.Cli.Templates;
using Templating.Cli.Top;
using Templating.Node.Commands.Doctor;
using Templating.Node.Commands.Runtimes;
using Templating.Node.Commands.Serve;

namespace Templating.Node.Commands;

/// <summary>The executable <c>templating</c>: the client's commands, and those that need the node's own code.</summary>
internal static class Executable
{
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, CliHost host, CancellationToken cancellationToken) =>
        CommandLine.RunAsync(arguments, host, Commands, cancellationToken);

    /// <summary>All of them, in the order in which help lists them.</summary>
    public static IEnumerable<CliCommand> Commands(Globals globals) =>
    [
        ServeCommand.Create(globals),
        TemplateCommands.Create(globals),
        CloneCommands.Create(globals),
        SandboxCommands.Create(globals),
        PoolCommands.Create(globals),
        ImageCommands.Create(globals),
        NodeCommands.Create(globals),
        TopCommand.Create(globals),
        PodCommand.Create(globals),
        RuntimeCommand.Create(globals),
        DoctorCommand.Create(globals, VmmFactory.Create),
        HelpCommand.Create(globals),
        CompletionCommand.Create(globals),
        VersionCommand.Create(globals),
    ];
}
