using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Parsing;
using Templating.Cli.Templates;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var command = new CliCommand(
            "list",
            "Lists clones.",
            "templating clone list",
            "templating clone list --template web --wide",
            "templating clone list -o name | xargs templating clone stop",
            "templating clone list --watch");
        var flags = new ListFlags(globals, command, "Only clones of this template, or of one revision: NAME@REVISION");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = flags.Parent(context);
            var template = context.Get(flags.Template) is { } name ? await RevisionNames.ResolveAsync(context, name, cancellationToken) : "";
            return await flags.RunAsync(
                context, CloneColumns.List(globals.Host.Clock, flags.AllTenants(context)), clone => clone.Name, clone => IsOf(clone, template),
                () => context.Client.Clones.ListAllAsync(
                    new ListClonesRequest { Parent = parent, Template = template }, context.Deadline, cancellationToken),
                clones => new ListClonesResponse { Clones = { clones } }, $"No clones in {ObjectNames.Told(parent)}{(template.Length > 0 ? $" of {template}" : "")}.",
                () => context.Client.Clones.WatchClones(
                    new WatchClonesRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken),
                change => (change.Type, change.Clone_), cancellationToken);
        });
    }

    /// <summary>Whether it is of that template, or revision; of any where that is empty.</summary>
    public static bool IsOf(VmClone clone, string template) =>
        template.Length == 0
        || string.Equals(clone.Template, template, StringComparison.Ordinal)
        || clone.Template.StartsWith(template + "/revisions/", StringComparison.Ordinal);
}
