using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class ClonePauseCommand
{
    public static CliCommand Create(Globals globals) => Make(
        globals, "pause", "Stops a clone's CPUs; its memory stays.", (context, name, cancellationToken) =>
            context.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = name }, deadline: context.Deadline, cancellationToken: cancellationToken).ResponseAsync);

    public static CliCommand CreateResume(Globals globals) => Make(
        globals, "resume", "Lets a paused clone's CPUs run again.", (context, name, cancellationToken) =>
            context.Client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = name }, deadline: context.Deadline, cancellationToken: cancellationToken).ResponseAsync);

    private static CliCommand Make(
        Globals globals, string verb, string description, Func<CliContext, string, CancellationToken, Task<VmClone>> call)
    {
        var id = CloneShowCommand.IdArgument(globals);
        return globals.Run(new CliCommand(verb, description, $"templating clone {verb} web-1") { id }, async (context, cancellationToken) =>
        {
            var clone = await call(context, ObjectNames.Clone(context.Tenant, context.Get(id)), cancellationToken);
            context.Print(CloneColumns.List(globals.Host.Clock, tenants: false), [clone], clone, c => c.Name);
            return ExitCode.Ok;
        });
    }
}
