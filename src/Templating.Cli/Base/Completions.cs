using System.CommandLine.Completions;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Base;

/// <summary>Names of templates, clones, sandboxes and pools for the shell's TAB key, asked of the daemon; silent where it does not answer.</summary>
internal sealed class Completions(Globals globals)
{
    // A person who pressed TAB waits no longer.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public IEnumerable<CompletionItem> Templates(CompletionContext context) => Ask(context, (client, parent, options) =>
        client.Templates.ListTemplates(new ListTemplatesRequest { Parent = parent }, options).Templates.Select(t => t.Template_).Distinct(StringComparer.Ordinal));

    public IEnumerable<CompletionItem> Clones(CompletionContext context) => Ask(context, (client, parent, options) =>
        client.Clones.ListClones(new ListClonesRequest { Parent = parent }, options).Clones.Select(c => c.Id));

    public IEnumerable<CompletionItem> Sandboxes(CompletionContext context) => Ask(context, (client, parent, options) =>
        client.Sandboxes.ListSandboxes(new ListSandboxesRequest { Parent = parent }, options).Sandboxes.Select(s => s.Clone_.Id));

    public IEnumerable<CompletionItem> Images(CompletionContext context) => Ask(context, (client, parent, options) =>
        client.Images.ListImages(new ListImagesRequest { Parent = parent }, options).Images.Select(i => i.Digest));

    public IEnumerable<CompletionItem> Pools(CompletionContext context) => Ask(context, (client, parent, options) =>
        client.Pools.ListPools(new ListPoolsRequest { Parent = parent }, options).Pools.Select(p => ObjectNames.Last(p.Name)));

    private List<CompletionItem> Ask(
        CompletionContext completion, Func<TemplatingClient, string, CallOptions, IEnumerable<string>> names)
    {
        if (completion is not TextCompletionContext)
        {
            // Help asks too, to print what may be given; it shall not need a daemon.
            return [];
        }

        using var context = new CliContext(globals, completion.ParseResult);
        try
        {
            var options = new CallOptions(deadline: globals.Host.Clock.GetUtcNow().UtcDateTime + Patience);
            return [.. names(context.Client, ObjectNames.Parent(context.Tenant), options)
                .Where(n => n.StartsWith(completion.WordToComplete, StringComparison.Ordinal))
                .Select(n => new CompletionItem(n))];
        }
        catch (Exception e) when (e is RpcException or CliException or IOException)
        {
            // A message in the middle of the line being typed would be worse than no names.
            return [];
        }
    }
}
