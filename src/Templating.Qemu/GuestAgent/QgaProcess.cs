using System.Globalization;
using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>What a program run by qemu-guest-agent left behind.</summary>
internal sealed record QgaResult(int? ExitCode, int? Signal, byte[] Output, byte[] Error);

/// <summary>One guest-exec and its guest-exec-status: the agent tells nothing before a program's end.</summary>
internal static class QgaProcess
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastPoll = TimeSpan.FromMilliseconds(250);

    public static async Task<long> StartAsync(
        QgaClient agent, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        var answer = await agent.ExecuteAsync("guest-exec", writer =>
        {
            writer.WriteString("path", arguments[0]);
            writer.WriteStartArray("arg");
            foreach (var argument in arguments.Skip(1))
            {
                writer.WriteStringValue(argument);
            }

            writer.WriteEndArray();
            writer.WriteBase64String("input-data", input.Span);
            writer.WriteBoolean("capture-output", value: true);
        }, CommandTimeout, cancellationToken);
        return answer.Number("pid") is > 0 and var pid ? pid : throw Nonsense("guest-exec");
    }

    public static async Task<QgaResult> WaitAsync(
        QgaClient agent, long pid, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var wait = FirstPoll; ; wait = wait * 2 < LastPoll ? wait * 2 : LastPoll)
        {
            if (await PollAsync(agent, pid, cancellationToken) is { } result)
            {
                return result;
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <summary>Null while it runs. After it has told of an end, the agent knows no such program any more.</summary>
    public static async Task<QgaResult?> PollAsync(QgaClient agent, long pid, CancellationToken cancellationToken)
    {
        var status = await agent.ExecuteAsync(
            "guest-exec-status", writer => writer.WriteNumber("pid", pid), CommandTimeout, cancellationToken);
        return status.Flag("exited") ?? throw Nonsense("guest-exec-status")
            ? new QgaResult(Int(status, "exitcode"), Int(status, "signal"), Bytes(status, "out-data"), Bytes(status, "err-data"))
            : null;
    }

    /// <summary>With all of its session, where it leads one.</summary>
    public static Task KillAsync(QgaClient agent, long pid, CancellationToken cancellationToken) =>
        RunAsideAsync(agent, string.Create(CultureInfo.InvariantCulture, $"kill -s KILL -- -{pid} || kill -s KILL {pid}"), cancellationToken);

    /// <summary>Runs a line of shell that nobody waits for. The agent remembers a program until it is asked for its end: that is done with the next.</summary>
    public static async Task RunAsideAsync(QgaClient agent, string line, CancellationToken cancellationToken)
    {
        if (agent.Aside is { } before)
        {
            agent.Aside = null;
            try
            {
                await PollAsync(agent, before, cancellationToken);
            }
            catch (TemplatingException e) when (QgaClient.IsRefusal(e))
            {
                // Forgotten already: the agent was started anew.
            }
        }

        agent.Aside = await StartAsync(agent, ["/bin/sh", "-c", line], default, cancellationToken);
    }

    private static int? Int(JsonElement status, string name) =>
        status.Number(name) is >= 0 and <= int.MaxValue and var number ? (int)number : null;

    private static byte[] Bytes(JsonElement status, string name) => status.Member(name) is not { } value
        ? []
        : value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : throw Nonsense("guest-exec-status");

    private static TemplatingException Nonsense(string command) =>
        new(ErrorCode.GuestAgentFailed, $"qemu-guest-agent answered nonsense to '{command}'.");
}
