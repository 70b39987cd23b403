using System.CommandLine;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Templates;

internal static class TemplateShowCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = NameArgument(globals);
        var command = new CliCommand(
            "show",
            "Shows all about a template's newest revision, or about the one named.",
            "templating template show web",
            "templating template show web@3f2a91c0d4e8 -o yaml")
        {
            name,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var template = await context.Client.Templates.GetTemplateAsync(
                new GetTemplateRequest { Name = await RevisionNames.ResolveAsync(context, context.Get(name), cancellationToken) },
                deadline: context.Deadline, cancellationToken: cancellationToken);
            var sharing = context.Format == OutputFormat.Table && template.Clones > 0 ? await SharingAsync(context, template, cancellationToken) : "";
            context.PrintSheet(() => [.. TemplateColumns.Sheet(template, globals.Host.Clock), ("Its clones", sharing)], template, template.Name);
            return ExitCode.Ok;
        });
    }

    private static async Task<string> SharingAsync(CliContext context, Template template, CancellationToken cancellationToken)
    {
        var request = new ListClonesRequest { Parent = ObjectNames.Parent(template.Tenant), Template = template.Name, View = CloneView.Full };
        var clones = await context.Client.Clones.ListAllAsync(request, context.Deadline, cancellationToken)
            .Select(clone => clone.Memory).OfType<MemoryUsage>().ToListAsync(cancellationToken);
        return clones.Count == 0 ? "" : $"private {ByteSize.Format(clones.Sum(m => m.Private))}; {Sharing.Of(clones).Text}";
    }

    public static Argument<string> NameArgument(Globals globals)
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "A template, NAME or NAME@REVISION; a revision may be shortened" };
        name.CompletionSources.Add(new Completions(globals).Templates);
        return name;
    }
}
