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
        var vcpus = OptionKinds.Number("--vcpus", 1, 64, "All it is to have, at least what it has and at most its template's max_vcpus");
        var command = new CliCommand(
            "resize",
            "Gives a running clone of a sandbox more memory and vCPUs; neither can be taken away again.",
            "templating clone resize web-1 --memory 512MiB --vcpus 2")
        {
            id, memory, vcpus,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var (bytes, cpus) = (context.Get(memory), context.Get(vcpus));
            if ((bytes, cpus) is (null, null))
            {
                throw new CliException(ExitCode.Usage, "Say what it is to have: --memory, --vcpus or both.");
            }

            var request = new ResizeCloneRequest
            {
                Name = ObjectNames.Clone(context.Tenant, context.Get(id)),
                MemoryBytes = bytes ?? 0,
                Vcpus = cpus ?? 0,
            };
            var clone = await context.Client.Clones.ResizeCloneAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => CloneColumns.Sheet(clone, globals.Host.Clock), clone, clone.Name);
            return ExitCode.Ok;
        });
    }
}
