using Templating.Cli.Base;

namespace Templating.Cli.Top;

/// <summary>A terminal that shows one page at a time, and what was there before when it is disposed.</summary>
internal sealed class Screen : IDisposable
{
    // Control Sequences of ECMA-48, and xterm's for its other screen.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l"; // what is wider than the screen is cut: a line that goes on in the next would push the first away
    private const string Leave = "\e[?7h\e[?25h\e[?1049l";
    private const string Home = "\e[H";
    private const string RestOfLine = "\e[K";
    private const string RestOfScreen = "\e[J";

    private readonly CliHost _host;

    public Screen(CliHost host)
    {
        _host = host;
        _host.Out.Write(Enter);
    }

    /// <summary>Shows as many of the lines as there is room for, and says how many there are besides.</summary>
    public void Show(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        var rows = Math.Max(1, _host.Terminal.Size?.Rows ?? int.MaxValue);
        if (lines.Length > rows)
        {
            lines = [.. lines[..(rows - 1)], $"and {lines.Length - rows + 1} more: make the terminal higher, or see --sort and --once"];
        }

        // Overwritten, not cleared first: it would flicker.
        _host.Out.Write(Home + string.Join(RestOfLine + "\r\n", lines) + RestOfLine + RestOfScreen);
        _host.Out.Flush();
    }

    public void Dispose()
    {
        _host.Out.Write(Leave);
        _host.Out.Flush();
    }
}
