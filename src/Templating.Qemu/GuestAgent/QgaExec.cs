using System.Runtime.CompilerServices;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Runs a program through qemu-guest-agent: all of its input goes first, output comes in pieces while it runs.</summary>
internal static class QgaExec
{
    /// <summary>Argument: what the names of a program's files begin with. Nobody but root looks into their folder.</summary>
    internal const string MakeFolder = """
        [ -d "${1%/*}" ] || { mkdir -p -m 755 /run/templating && mkdir -p -m 700 "${1%/*}"; }
        """;

    /// <summary>
    /// Arguments: where its output goes, and where its input is if there is much; its folder or "", then what env(1) takes. The agent's own
    /// <c>env</c> would replace the environment, and it has no folder: a shell does both. What a login of root's has is there, as
    /// templating-guest gives it. A session of its own where that can be had, so that one kill reaches what it started.
    /// </summary>
    internal const string Script = """
        : "${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "${HOME:=/root}" "${USER:=root}" "${LOGNAME:=root}"
        export PATH HOME USER LOGNAME

        """ + MakeFolder + """
         || exit 125
        exec >"$1.out" 2>"$1.err"
        [ ! -e "$1.in" ] || exec <"$1.in"
        if [ -r /run/templating/env ]; then set -a; . /run/templating/env; set +a; fi
        [ -z "$2" ] || cd -- "$2" || exit 126
        shift 2
        if command -v setsid >/dev/null 2>&1; then exec setsid env "$@"; fi
        exec env "$@"
        """;

    public static async IAsyncEnumerable<ExecOutput> RunAsync(
        QgaClient agent, GuestCommand command, IAsyncEnumerable<ExecInput>? input, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        QgaItems.Require(command);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var items = input is null ? null : new QgaItems(input, ended);
        await using var run = new QgaRun(agent, time);
        await run.StartAsync(folder =>
            ["/bin/sh", "-c", Script, "sh", folder, command.WorkingDirectory ?? "",
             .. command.Environment.Select(v => $"{v.Key}={v.Value}"), .. command.Arguments],
            command.TakesInput ? items?.ReadAsync(cancellationToken) : null, command.Timeout, cancellationToken);
        items?.WatchRest();
        ExecOutput output;
        do
        {
            try
            {
                output = await run.NextAsync(ended.Token);
            }
            catch (OperationCanceledException) when (items?.Fault is not null)
            {
                throw items.Fault;
            }

            yield return output;
        }
        while (output is not ExecExited);
    }
}
