using System.CommandLine;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Spectre.Console;
using Templating.Api.Client;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Terminal.Tables;

namespace Templating.Cli.Base;

/// <summary>One run of one command.</summary>
internal sealed class CliContext(Globals globals, ParseResult parse) : IDisposable
{
    private TemplatingClient? _client;
    private DateTime? _deadline;

    public CliHost Host => globals.Host;

    public ParseResult Parse => parse;

    public bool Verbose => parse.GetValue(globals.Verbose);

    public OutputFormat Format => parse.GetValue(globals.Format) is var format and not OutputFormat.Wide ? format : OutputFormat.Table;

    /// <summary>All columns, uncut.</summary>
    public bool Wide => parse.GetValue(globals.Format) == OutputFormat.Wide;

    public string Tenant => ObjectNames.Checked("tenant", parse.GetValue(globals.Tenant)!);

    public TimeSpan? Timeout => parse.GetValue(globals.Timeout);

    public TemplatingAddress Address => TemplatingAddress.TryParse(parse.GetValue(globals.Address)!, out var address, out var problem)
        ? address
        : throw new CliException(ExitCode.Usage, "--address: " + problem);

    /// <summary>One for the whole command, however many calls it makes. Null for none.</summary>
    public DateTime? Deadline => Timeout is { } timeout ? _deadline ??= Host.Clock.GetUtcNow().UtcDateTime + timeout : null;

    public TemplatingClient Client => _client ??= new TemplatingClient(new TemplatingClientOptions
    {
        Address = Address,
        CertificateAuthorityPath = parse.GetValue(globals.Authority),
        CertificatePath = parse.GetValue(globals.Certificate),
        KeyPath = parse.GetValue(globals.Key),
    });

    /// <summary>For progress: results go to <see cref="CliHost.Out"/>.</summary>
    public IAnsiConsole CreateErrorConsole() => Consoles.Create(Host.Error, Host.ErrorIsTerminal, Host.ErrorWidth(), Host.Environment);

    /// <summary>Whether progress has a line that moves: on a terminal with room for one.</summary>
    public bool ShowsLive => Host.ErrorIsTerminal && Host.ErrorWidth() >= Consoles.LeastLive;

    public T Get<T>(Option<T> option) => parse.GetValue(option)!;

    public T Get<T>(Argument<T> argument) => parse.GetValue(argument)!;

    public void Write(string text) => Host.Out.Write(text);

    public void Note(string line) => Host.Error.WriteLine(PlainText.Of(line));

    /// <summary>Prints one message, or a list of them, in the format asked for.</summary>
    public void Print<T>(IReadOnlyList<Column<T>> columns, IReadOnlyList<T> rows, IMessage message, Func<T, string> name, bool wide = false) =>
        Print(columns, rows, () => ProtoJson.Tree(message), name, wide);

    /// <param name="wide">All columns, and none of them cut where the terminal has no room for it.</param>
    public void Print<T>(IReadOnlyList<Column<T>> columns, IReadOnlyList<T> rows, Func<JsonObject> tree, Func<T, string> name, bool wide = false)
    {
        wide |= Wide;
        switch (Format)
        {
            case OutputFormat.Json:
                Host.Out.Write(ProtoJson.Text(tree()));
                break;
            case OutputFormat.Yaml:
                Host.Out.Write(YamlText.Of(tree()));
                break;
            case OutputFormat.Name:
                foreach (var row in rows)
                {
                    Host.Out.WriteLine(name(row));
                }

                break;
            default:
                if (rows.Count > 0)
                {
                    Host.Out.Write(TableText.Render(
                        Shown(columns, wide), rows, Host.OutputIsTerminal, Host.Environment, room: wide ? null : Host.OutputWidth()));
                }

                break;
        }

        // What is said of it comes after it, where both are a terminal.
        Host.Out.Flush();
    }

    /// <summary>Prints one object in full.</summary>
    public void PrintSheet(Func<IEnumerable<(string Label, string Value)>> lines, IMessage message, string name)
    {
        if (Format == OutputFormat.Table)
        {
            Host.Out.Write(Sheet.Render(lines(), Host.OutputIsTerminal, Host.Environment));
        }
        else
        {
            Print<string>([], [name], message, n => n);
        }
    }

    public static IReadOnlyList<Column<T>> Shown<T>(IReadOnlyList<Column<T>> columns, bool wide) =>
        wide ? columns : [.. columns.Where(c => !c.Wide)];

    public void Dispose() => _client?.Dispose();
}
