using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneResizeCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var memory = OptionKinds.Size("--memory", "All it is to have, a multiple of 128MiB more than it has, at most its template's max_memory");
        var command = new CliCommand(
            "resize",
            "Gives a running clone of a sandbox more memory; it cannot be taken away again.",
            "templating clone resize web-1 --memory 512MiB")
        {
            id, memory,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var bytes = context.Get(memory) ?? throw new CliException(ExitCode.Usage, "Say how much memory it is to have: --memory.");
            var request = new ResizeCloneRequest
            {
                Name = ObjectNames.Clone(context.Tenant, context.Get(id)),
                MemoryBytes = bytes,
            };
            var clone = await context.Client.Clones.ResizeCloneAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => CloneColumns.Sheet(clone, globals.Host.Clock), clone, clone.Name);
            return ExitCode.Ok;
        });
    }
}
