using System.Text;
using Spectre.Console;

namespace Templating.Terminal.Tables;

/// <summary>Makes Spectre's consoles: no escape sequence ever goes where no terminal is; NO_COLOR (no-color.org) is honoured.</summary>
internal static class Consoles
{
    /// <summary>Columns below which a line that moves would be broken in pieces.</summary>
    public const int LeastLive = 20;

    public static IAnsiConsole Create(TextWriter writer, bool terminal, int width, Func<string, string?> environment)
    {
        var colours = terminal && string.IsNullOrEmpty(environment("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = terminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new Target(writer, terminal, width),
        });
        // Enrichers for CI services look at the process's environment; what is printed shall depend on ours alone.
        console.Profile.Width = Math.Max(1, width);
        console.Profile.Capabilities.Ansi = terminal;
        console.Profile.Capabilities.Interactive = terminal;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    private sealed class Target(TextWriter writer, bool terminal, int width) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => terminal;

        public int Width => Math.Max(1, width);

        public int Height => 24;

        public void SetEncoding(Encoding encoding)
        {
            // Always UTF-8, as every terminal of the supported systems.
        }
    }
}
