using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Base;

/// <summary>A <c>list</c>: a table of what there is, or with <c>--watch</c> of that and then of every change.</summary>
/// <param name="plural">What is listed.</param>
/// <param name="template">What <c>--template</c> picks.</param>
/// <typeparam name="T">One of them.</typeparam>
/// <typeparam name="TChange">What its watch tells.</typeparam>
internal abstract class ListCommand<T, TChange>(string plural, string template, string description, params string[] examples)
    where T : class, IMessage
{
    public CliCommand Create(Globals globals)
    {
        var only = OptionKinds.Text("--template", "NAME", template);
        only.CompletionSources.Add(new Completions(globals).Templates);
        var all = new Option<bool>("--all-tenants", "-A") { Description = "Of all tenants you may see" };
        var wide = OptionKinds.Flag("--wide", "More columns");
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on with every change until Ctrl-C" };
        var command = new CliCommand("list", description, examples) { only, all, wide, watch };
        command.Aliases.Add("ls");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = context.Get(all) ? ObjectNames.AllTenants : ObjectNames.Parent(context.Tenant);
            var columns = Columns(globals.Host.Clock, context.Get(all));
            var filter = context.Get(only) is { } name ? await FilterAsync(context, name, cancellationToken) : "";
            bool IsMeant(T item) => filter.Length == 0 || IsOf(item, filter);
            if (context.Get(watch))
            {
                using var changes = Watch(context, parent, cancellationToken);
                var loop = new WatchLoop<T>(context, CliContext.Shown(columns, context.Get(wide)), NameOf, ProtoJson.Tree);
                await loop.RunAsync(changes.ResponseStream, Open, IsMeant, cancellationToken);
                return ExitCode.Ok;
            }

            var items = new List<T>();
            await foreach (var item in ListAsync(context, parent, filter, cancellationToken))
            {
                if (IsMeant(item))
                {
                    items.Add(item);
                }
            }

            context.Print(columns, items, Message(items), NameOf, context.Get(wide));
            if (items.Count == 0)
            {
                context.Note($"No {plural} in {parent}{(filter.Length > 0 ? $" of {filter}" : "")}.");
            }

            return ExitCode.Ok;
        });
    }

    protected abstract IReadOnlyList<Column<T>> Columns(TimeProvider clock, bool tenants);

    protected abstract string NameOf(T item);

    /// <summary>What <see cref="IsOf"/> compares with, from what <c>--template</c> says.</summary>
    protected abstract Task<string> FilterAsync(CliContext context, string name, CancellationToken cancellationToken);

    protected abstract bool IsOf(T item, string filter);

    protected abstract IAsyncEnumerable<T> ListAsync(CliContext context, string parent, string filter, CancellationToken cancellationToken);

    /// <summary>All of them as the wire has a list.</summary>
    protected abstract IMessage Message(IReadOnlyList<T> items);

    protected abstract AsyncServerStreamingCall<TChange> Watch(CliContext context, string parent, CancellationToken cancellationToken);

    protected abstract (ChangeType Type, T? Item) Open(TChange change);
}
