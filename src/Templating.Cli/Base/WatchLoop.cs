using System.Text.Json.Nodes;
using Grpc.Core;
using Templating.Cli.Output;
using Templating.V1;

namespace Templating.Cli.Base;

/// <summary>
/// Prints what a watch tells: a table of what there is, then a row for each change; as JSON or YAML one object (line,
/// document) for each. Ends with the command.
/// </summary>
internal sealed class WatchLoop<T>(CliContext context, IReadOnlyList<Column<T>> columns, Func<T, string> name, Func<T, JsonObject> tree)
{
    private readonly IReadOnlyList<Column<(ChangeType Change, T Item)>> _columns =
    [
        new("CHANGE", c => Word(c.Change)),
        .. columns.Select(c => new Column<(ChangeType Change, T Item)>(
            c.Header, x => c.Value(x.Item), c.Wide, c.Right, c.Colour is null ? null : x => c.Colour(x.Item))),
    ];

    private readonly int[] _widths = new int[columns.Count + 1];
    private List<(ChangeType Change, T Item)>? _initial = [];

    public async Task RunAsync<TResponse>(
        IAsyncStreamReader<TResponse> changes, Func<TResponse, (ChangeType Change, T? Item)> open, Func<T, bool> filter, CancellationToken cancellationToken)
    {
        await foreach (var response in changes.ReadAllAsync(cancellationToken))
        {
            var (change, item) = open(response);
            if (change == ChangeType.Synced)
            {
                Table(_initial ?? [], header: true);
                _initial = null;
            }
            else if (item is not null && filter(item))
            {
                Show(change, item);
            }

            await context.Host.Out.FlushAsync(cancellationToken);
        }
    }

    private void Show(ChangeType change, T item)
    {
        switch (context.Format)
        {
            case OutputFormat.Json:
                context.Host.Out.Write(ProtoJson.Text(Event(change, item), indented: false));
                break;
            case OutputFormat.Yaml:
                context.Host.Out.Write("---\n" + YamlText.Of(Event(change, item)));
                break;
            case OutputFormat.Name:
                context.Host.Out.WriteLine($"{Word(change)} {name(item)}");
                break;
            default:
                if (_initial is null)
                {
                    Table([(change, item)], header: false);
                }
                else
                {
                    _initial.Add((change, item));
                }

                break;
        }
    }

    private void Table(IReadOnlyList<(ChangeType Change, T Item)> rows, bool header)
    {
        if (context.Format == OutputFormat.Table)
        {
            context.Host.Out.Write(TableText.Render(_columns, rows, context.Host.OutputIsTerminal, context.Host.Environment, header, _widths));
        }
    }

    private JsonObject Event(ChangeType change, T item) => new() { ["change"] = Word(change), ["object"] = tree(item) };

    private static string Word(ChangeType change) => change.ToString().ToLowerInvariant();
}
