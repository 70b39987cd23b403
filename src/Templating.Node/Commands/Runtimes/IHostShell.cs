namespace Templating.Node.Commands.Runtimes;

internal interface IHostShell
{
    /// <returns>Null where it succeeded; else why not.</returns>
    Task<string?> RunAsync(string command, TimeSpan patience, CancellationToken cancellationToken);
}
