using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Base;

/// <summary>What every <c>list</c> has: a table of what there is, or with <c>--watch</c> of that and then of every change.</summary>
internal sealed class ListFlags
{
    private readonly Option<bool> _all = new("--all-tenants", "-A") { Description = "Of all tenants you may see" };
    private readonly Option<bool> _wide = OptionKinds.Flag("--wide", "All columns, none of them cut to the terminal's width; also -o wide");
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Go on with every change until Ctrl-C" };

    /// <param name="template">What <c>--template</c> picks.</param>
    public ListFlags(Globals globals, CliCommand command, string template)
    {
        Template = OptionKinds.Text("--template", "NAME", template);
        Template.CompletionSources.Add(new Completions(globals).Templates);
        command.Aliases.Add("ls");
        Option[] all = [Template, _all, _wide, _watch];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    public Option<string?> Template { get; }

    public bool AllTenants(CliContext context) => context.Get(_all);

    public string Parent(CliContext context) => AllTenants(context) ? ObjectNames.AllTenants : ObjectNames.Parent(context.Tenant);

    /// <param name="isMeant">Whether to show one.</param>
    /// <param name="message">All of them as the wire has a list.</param>
    /// <param name="nothing">Told where there are none.</param>
    public async Task<int> RunAsync<T, TChange>(
        CliContext context, IReadOnlyList<Column<T>> columns, Func<T, string> name, Func<T, bool> isMeant,
        Func<IAsyncEnumerable<T>> list, Func<IReadOnlyList<T>, IMessage> message, string nothing,
        Func<AsyncServerStreamingCall<TChange>> watch, Func<TChange, (ChangeType Type, T? Item)> open, CancellationToken cancellationToken)
        where T : class, IMessage
    {
        if (context.Get(_watch))
        {
            using var changes = watch();
            var loop = new WatchLoop<T>(context, columns, context.Wide || context.Get(_wide), name, ProtoJson.Tree);
            await loop.RunAsync(changes.ResponseStream, open, isMeant, cancellationToken);
            return ExitCode.Ok;
        }

        var items = await list().Where(isMeant).ToListAsync(cancellationToken);
        context.Print(columns, items, message(items), name, context.Get(_wide));
        if (items.Count == 0)
        {
            context.Note(nothing);
        }

        return ExitCode.Ok;
    }
}
