using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Clones;
using Templating.Cli.Parsing;
using Templating.Cli.Templates;
using Templating.V1;

namespace Templating.Cli.Sandboxes;

internal static class SandboxListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var command = new CliCommand(
            "list",
            "Lists sandboxes.",
            "templating sandbox list",
            "templating sandbox list --template box --wide",
            "templating sandbox list --watch");
        var flags = new ListFlags(globals, command, "Only sandboxes of this template, or of one revision: NAME@REVISION");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = flags.Parent(context);
            var template = context.Get(flags.Template) is { } name ? await RevisionNames.ResolveAsync(context, name, cancellationToken) : "";
            return await flags.RunAsync(
                context, SandboxColumns.List(globals.Host.Clock, flags.AllTenants(context)), sandbox => sandbox.Clone_.Name,
                sandbox => CloneListCommand.IsOf(sandbox.Clone_, template),
                () => context.Client.Sandboxes.ListAllAsync(
                    new ListSandboxesRequest { Parent = parent, Template = template }, context.Deadline, cancellationToken),
                sandboxes => new ListSandboxesResponse { Sandboxes = { sandboxes } },
                $"No sandboxes in {ObjectNames.Told(parent)}{(template.Length > 0 ? $" of {template}" : "")}.",
                () => context.Client.Sandboxes.WatchSandboxes(
                    new WatchSandboxesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken),
                change => (change.Type, change.Sandbox), cancellationToken);
        });
    }
}
