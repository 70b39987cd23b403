using System.CommandLine;
using Grpc.Core;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Terminals;
using Templating.V1;

namespace Templating.Cli.Guests;

/// <summary>How to attach to a console, by flags.</summary>
internal sealed class ConsoleFlags
{
    private const int StandardInput = 0;

    private readonly Option<bool> _noFollow = OptionKinds.Flag("--no-follow", "Print what is remembered (at most 64KiB) and end");
    private readonly Option<bool> _noHistory = OptionKinds.Flag("--no-history", "Begin with what comes from now on");

    public void AddTo(CliCommand command)
    {
        command.Add(_noFollow);
        command.Add(_noHistory);
    }

    public async Task<int> RunAsync(
        CliContext context, AsyncDuplexStreamingCall<AttachConsoleRequest, AttachConsoleResponse> call, AttachConsoleStart start,
        CancellationToken cancellationToken)
    {
        start.WithHistory = !context.Get(_noHistory);
        start.NoFollow = context.Get(_noFollow);
        var session = new ConsoleSession(context.Host, call);
        if (start.NoFollow || !context.Host.InputIsTerminal)
        {
            await session.RunAsync(start, cancellationToken);
            return ExitCode.Ok;
        }

        context.Note($"Attached to {start.Name}; Ctrl-] leaves.");
        using (RawTerminal.Enter(StandardInput))
        {
            await session.RunAsync(start, cancellationToken);
        }

        context.Note("");
        return ExitCode.Ok;
    }
}
