using System.Runtime.CompilerServices;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Runs a program through qemu-guest-agent: input goes first, output comes at the end.</summary>
internal static class QgaExec
{
    /// <summary>The agent takes a whole command, input included, as one piece of JSON.</summary>
    private const int MaxInputBytes = 1024 * 1024;

    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The agent's own <c>env</c> would replace the environment, and it has no folder: a shell does both.</summary>
    private const string Script = """
        if [ -r /run/templating/env ]; then set -a; . /run/templating/env; set +a; fi
        [ -z "$1" ] || cd -- "$1" || exit 126
        shift
        exec env "$@"
        """;

    public static async IAsyncEnumerable<ExecOutput> RunAsync(
        QgaClient agent, GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bytes = await CollectAsync(input, cancellationToken);
        var pid = await QgaProcess.StartAsync(agent,
            ["/bin/sh", "-c", Script, "sh", command.WorkingDirectory ?? "",
             .. command.Environment.Select(v => $"{v.Key}={v.Value}"), .. command.Arguments], bytes, cancellationToken);
        var result = await WaitAsync(agent, pid, command.Timeout, time, cancellationToken);
        if (result.Output.Length > 0)
        {
            yield return new ExecStandardOutput(result.Output);
        }

        if (result.Error.Length > 0)
        {
            yield return new ExecStandardError(result.Error);
        }

        yield return result.Signal is { } signal ? new ExecExited(null, signal) : new ExecExited(result.ExitCode ?? 0, null);
    }

    private static async Task<QgaResult> WaitAsync(
        QgaClient agent, long pid, TimeSpan? timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await QgaProcess.WaitAsync(agent, pid, time, either.Token);
        }
        catch (OperationCanceledException)
        {
            using var limit = new CancellationTokenSource(KillTimeout, time);
            await QgaProcess.KillAsync(agent, pid, limit.Token);
            if (cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            return new QgaResult(null, ProcessCalls.SignalKill, [], []);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> CollectAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>>? input, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        if (input is not null)
        {
            await foreach (var chunk in input.WithCancellation(cancellationToken))
            {
                all.Write(chunk.Span);
                if (all.Length > MaxInputBytes)
                {
                    throw new TemplatingException(ErrorCode.InvalidArgument,
                        $"A guest with only qemu-guest-agent takes at most {MaxInputBytes} bytes of input for a command. "
                        + "Put templating-guest into its image for more.");
                }
            }
        }

        return all.ToArray();
    }
}
