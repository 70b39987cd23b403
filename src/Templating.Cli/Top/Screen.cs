using Templating.Cli.Base;

namespace Templating.Cli.Top;

/// <summary>A terminal that shows one page at a time, and what was there before when it is disposed.</summary>
internal sealed class Screen : IDisposable
{
    // Control Sequences of ECMA-48, and xterm's for its other screen.
    private const string Enter = "\e[?1049h\e[?25l";
    private const string Leave = "\e[?25h\e[?1049l";
    private const string Home = "\e[H";
    private const string RestOfLine = "\e[K";
    private const string RestOfScreen = "\e[J";

    private readonly CliHost _host;

    public Screen(CliHost host)
    {
        _host = host;
        _host.Out.Write(Enter);
    }

    /// <summary>Shows as many of the lines as there is room for.</summary>
    public void Show(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        var rows = _host.Terminal.Size?.Rows ?? int.MaxValue;
        // Overwritten, not cleared first: it would flicker.
        _host.Out.Write(Home + string.Join(RestOfLine + "\r\n", lines.Take(Math.Max(1, rows))) + RestOfLine + RestOfScreen);
        _host.Out.Flush();
    }

    public void Dispose()
    {
        _host.Out.Write(Leave);
        _host.Out.Flush();
    }
}
