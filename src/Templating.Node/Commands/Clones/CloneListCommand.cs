using Templating.Api.Client;
using Templating.Node.Commands.Parsing;
using Templating.Node.Commands.Templates;
using Templating.Node.Output;
using Templating.V1;

namespace Templating.Node.Commands.Clones;

internal static class CloneListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var only = OptionKinds.Text("--template", "NAME", "Only clones of this template, or of one revision: NAME@REVISION");
        only.CompletionSources.Add(new Completions(globals).Templates);
        var all = ListOptions.AllTenants();
        var wide = ListOptions.Wide();
        var watch = ListOptions.Watch();
        var command = new CliCommand(
            "list",
            "Lists clones.",
            "templating clone list",
            "templating clone list --template web --wide",
            "templating clone list -o name | xargs templating clone stop",
            "templating clone list --watch")
        {
            only, all, wide, watch,
        };
        command.Aliases.Add("ls");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = context.Get(all) ? ObjectNames.AllTenants : ObjectNames.Parent(context.Tenant);
            var columns = CloneColumns.List(globals.Host.Clock, context.Get(all));
            var template = context.Get(only) is { } name ? await RevisionNames.ResolveAsync(context, name, cancellationToken) : "";
            if (context.Get(watch))
            {
                using var call = context.Client.Clones.WatchClones(
                    new WatchClonesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken);
                var loop = new WatchLoop<VmClone>(context, CliContext.Shown(columns, context.Get(wide)), c => c.Name, ProtoJson.Tree);
                await loop.RunAsync(call.ResponseStream, r => (r.Type, r.Clone_), c => IsOf(c, template), cancellationToken);
                return ExitCode.Ok;
            }

            var clones = new ListClonesResponse();
            var request = new ListClonesRequest { Parent = parent, Template = template };
            await foreach (var clone in context.Client.Clones.ListAllAsync(request, context.Deadline, cancellationToken))
            {
                clones.Clones.Add(clone);
            }

            context.Print(columns, clones.Clones, clones, c => c.Name, context.Get(wide));
            if (clones.Clones.Count == 0)
            {
                context.Note($"No clones in {parent}{(template.Length > 0 ? $" of {template}" : "")}.");
            }

            return ExitCode.Ok;
        });
    }

    private static bool IsOf(VmClone clone, string template) =>
        template.Length == 0
        || string.Equals(clone.Template, template, StringComparison.Ordinal)
        || clone.Template.StartsWith(template + "/revisions/", StringComparison.Ordinal);
}
