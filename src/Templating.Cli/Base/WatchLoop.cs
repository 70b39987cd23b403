using System.Text.Json.Nodes;
using Grpc.Core;
using Templating.Cli.Output;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Base;

/// <summary>
/// Prints what a watch tells: a table of what there is, then a row for each change; as JSON or YAML one object (line,
/// document) for each. Ends with the command.
/// </summary>
internal sealed class WatchLoop<T>
{
    private readonly CliContext _context;
    private readonly Func<T, string> _name;
    private readonly Func<T, JsonObject> _tree;
    private readonly IReadOnlyList<Column<(ChangeType Change, T Item)>> _columns;
    private readonly int[] _widths;
    private readonly int? _room;
    private List<(ChangeType Change, T Item)>? _initial = [];

    /// <param name="wide">All columns, uncut.</param>
    public WatchLoop(CliContext context, IReadOnlyList<Column<T>> columns, bool wide, Func<T, string> name, Func<T, JsonObject> tree)
    {
        (_context, _name, _tree) = (context, name, tree);
        _columns =
        [
            new("CHANGE", c => Word(c.Change)),
            .. CliContext.Shown(columns, wide).Select(c => new Column<(ChangeType Change, T Item)>(
                c.Header, x => c.Value(x.Item), c.Wide, c.Right, c.Colour is null ? null : x => c.Colour(x.Item))),
        ];
        _widths = new int[_columns.Count];
        _room = wide ? null : context.Host.OutputWidth();
    }

    public async Task RunAsync<TResponse>(
        IAsyncStreamReader<TResponse> changes, Func<TResponse, (ChangeType Change, T? Item)> open, Func<T, bool> filter, CancellationToken cancellationToken)
    {
        _context.Host.WatchReader();
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

            await _context.Host.Out.FlushAsync(cancellationToken);
        }
    }

    private void Show(ChangeType change, T item)
    {
        switch (_context.Format)
        {
            case OutputFormat.Json:
                _context.Host.Out.Write(ProtoJson.Text(Event(change, item), indented: false));
                break;
            case OutputFormat.Yaml:
                _context.Host.Out.Write("---\n" + YamlText.Of(Event(change, item)));
                break;
            case OutputFormat.Name:
                _context.Host.Out.WriteLine($"{Word(change)} {_name(item)}");
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
        if (_context.Format == OutputFormat.Table)
        {
            _context.Host.Out.Write(TableText.Render(
                _columns, rows, _context.Host.OutputIsTerminal, _context.Host.Environment, header, _widths, _room));
        }
    }

    private JsonObject Event(ChangeType change, T item) => new() { ["change"] = Word(change), ["object"] = _tree(item) };

    private static string Word(ChangeType change) => change.ToString().ToLowerInvariant();
}
