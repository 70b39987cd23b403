using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Templates;

internal static class TemplateListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var command = new CliCommand(
            "list",
            "Lists templates, each revision a row.",
            "templating template list",
            "templating template list --all-tenants --wide",
            "templating template list -o name",
            "templating template list --watch");
        var flags = new ListFlags(globals, command, "Only revisions of this template");
        return globals.Run(command, (context, cancellationToken) =>
        {
            var parent = flags.Parent(context);
            var only = context.Get(flags.Template);
            return flags.RunAsync(
                context, TemplateColumns.List(globals.Host.Clock, flags.AllTenants(context)), template => template.Name,
                template => only is null || string.Equals(template.Template_, only, StringComparison.Ordinal),
                () => context.Client.Templates.ListAllAsync(parent, context.Deadline, cancellationToken),
                templates => new ListTemplatesResponse { Templates = { templates } }, $"No templates in {ObjectNames.Told(parent)}.",
                () => context.Client.Templates.WatchTemplates(
                    new WatchTemplatesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken),
                change => (change.Type, change.Template), cancellationToken);
        });
    }
}
