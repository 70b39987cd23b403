namespace Templating.Cli.Terminals;

/// <summary>The terminal this process was started at.</summary>
internal interface IOwnTerminal
{
    /// <summary>Its rows and columns; null where it has none.</summary>
    (int Rows, int Columns)? Size { get; }

    /// <summary>From here on every key is a byte, until disposed.</summary>
    IDisposable MakeRaw();

    /// <summary>Calls back whenever the size may have changed, until disposed.</summary>
    IDisposable WatchSize(Action changed);
}
