using System.Text;
using Microsoft.Extensions.Time.Testing;
using Templating.Cli.Base;
using Templating.Cli.Root;
using Templating.Node.Commands;

namespace Templating.UnitTests.Cli.Fakes;

/// <summary>One run of the command line with everything it printed.</summary>
internal sealed record CliRun(int Code, string Out, string Error)
{
    public static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    public static Task<CliRun> OfAsync(params string[] arguments) => OfAsync(host => host, arguments, CancellationToken.None);

    public static Task<CliRun> OfAsync(FakeNode node, params string[] arguments) => OfAsync(node, host => host, arguments);

    public static Task<CliRun> OfAsync(FakeNode node, Func<CliHost, CliHost> change, string[] arguments, CancellationToken cancellationToken = default) =>
        OfAsync(host => change(host with { Environment = name => name is "TEMPLATING_ADDRESS" ? node.Address : null }), arguments, cancellationToken);

    public static Task<CliRun> OfAsync(Func<CliHost, CliHost> change, string[] arguments, CancellationToken cancellationToken) =>
        OfAsync(change, Executable.Commands, arguments, cancellationToken);

    public static async Task<CliRun> OfAsync(
        Func<CliHost, CliHost> change, Func<Globals, IEnumerable<CliCommand>> commands, string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        await using var outWriter = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true };
        await using var errorWriter = new StreamWriter(error, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true };
        var host = change(new CliHost
        {
            Out = outWriter,
            Error = errorWriter,
            StandardInput = () => Stream.Null,
            StandardOutput = output,
            StandardError = error,
            Environment = name => name is "TEMPLATING_ADDRESS" ? "unix:///nonexistent/templating.sock" : null,
            Clock = new FakeTimeProvider(Now),
        });
        var code = await CommandLine.RunAsync(arguments, host, commands, cancellationToken);
        return new CliRun(code, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }
}
