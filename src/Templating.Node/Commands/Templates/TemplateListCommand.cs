using System.CommandLine;
using Templating.Api.Client;
using Templating.Node.Commands.Parsing;
using Templating.Node.Output;
using Templating.V1;

namespace Templating.Node.Commands.Templates;

internal static class TemplateListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var only = OptionKinds.Text("--template", "NAME", "Only revisions of this template");
        only.CompletionSources.Add(new Completions(globals).Templates);
        var all = ListOptions.AllTenants();
        var wide = ListOptions.Wide();
        var watch = ListOptions.Watch();
        var command = new CliCommand(
            "list",
            "Lists templates, each revision a row.",
            "templating template list",
            "templating template list --all-tenants --wide",
            "templating template list -o name",
            "templating template list --watch")
        {
            only, all, wide, watch,
        };
        command.Aliases.Add("ls");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = context.Get(all) ? ObjectNames.AllTenants : ObjectNames.Parent(context.Tenant);
            var columns = TemplateColumns.List(globals.Host.Clock, context.Get(all));
            bool Matches(Template t) => context.Get(only) is not { } name || string.Equals(t.Template_, name, StringComparison.Ordinal);
            if (context.Get(watch))
            {
                using var call = context.Client.Templates.WatchTemplates(
                    new WatchTemplatesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken);
                var loop = new WatchLoop<Template>(context, CliContext.Shown(columns, context.Get(wide)), t => t.Name, ProtoJson.Tree);
                await loop.RunAsync(call.ResponseStream, r => (r.Type, r.Template), Matches, cancellationToken);
                return ExitCode.Ok;
            }

            var templates = new ListTemplatesResponse();
            await foreach (var template in context.Client.Templates.ListAllAsync(parent, context.Deadline, cancellationToken))
            {
                if (Matches(template))
                {
                    templates.Templates.Add(template);
                }
            }

            context.Print(columns, templates.Templates, templates, t => t.Name, context.Get(wide));
            if (templates.Templates.Count == 0)
            {
                context.Note($"No templates in {parent}.");
            }

            return ExitCode.Ok;
        });
    }
}
