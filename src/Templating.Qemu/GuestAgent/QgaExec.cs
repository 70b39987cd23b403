using System.Runtime.CompilerServices;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Runs a program through qemu-guest-agent: input goes first, output comes in pieces while it runs.</summary>
internal static class QgaExec
{
    /// <summary>The agent takes a whole command, input included, as one piece of JSON.</summary>
    private const int MaxInputBytes = 1024 * 1024;

    /// <summary>
    /// Arguments: where its output goes, its folder or "", then what env(1) takes. The agent's own <c>env</c> would replace the environment,
    /// and it has no folder: a shell does both. What a login of root's has is there, as templating-guest gives it. A session of its own where
    /// that can be had, so that one kill reaches what it started.
    /// </summary>
    internal const string Script = """
        : "${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "${HOME:=/root}" "${USER:=root}" "${LOGNAME:=root}"
        export PATH HOME USER LOGNAME
        [ -d "${1%/*}" ] || { mkdir -p -m 755 /run/templating && mkdir -p -m 700 "${1%/*}"; } || exit 125
        exec >"$1.out" 2>"$1.err"
        if [ -r /run/templating/env ]; then set -a; . /run/templating/env; set +a; fi
        [ -z "$2" ] || cd -- "$2" || exit 126
        shift 2
        if command -v setsid >/dev/null 2>&1; then exec setsid env "$@"; fi
        exec env "$@"
        """;

    public static async IAsyncEnumerable<ExecOutput> RunAsync(
        QgaClient agent, GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bytes = await CollectAsync(input, cancellationToken);
        await using var run = new QgaRun(agent, time);
        await run.StartAsync(folder =>
            ["/bin/sh", "-c", Script, "sh", folder, command.WorkingDirectory ?? "",
             .. command.Environment.Select(v => $"{v.Key}={v.Value}"), .. command.Arguments], bytes, command.Timeout, cancellationToken);
        ExecOutput output;
        do
        {
            output = await run.NextAsync(cancellationToken);
            yield return output;
        }
        while (output is not ExecExited);
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
