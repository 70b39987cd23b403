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
    public static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(10);
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
        }, QgaClient.CommandTimeout, cancellationToken);
        return answer.Number("pid") is > 0 and var pid ? pid : throw QgaClient.Nonsense("guest-exec");
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<QgaResult> RunAsync(
        QgaClient agent, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, TimeProvider time, CancellationToken cancellationToken)
    {
        var pid = await StartAsync(agent, arguments, input, cancellationToken);
        for (var wait = FirstPoll; ; wait = NextPoll(wait))
        {
            if (await PollAsync(agent, pid, cancellationToken) is { } result)
            {
                return result;
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    public static TimeSpan NextPoll(TimeSpan wait) => wait * 2 < LastPoll ? wait * 2 : LastPoll;

    /// <summary>Null while it runs. After it has told of an end, the agent knows no such program any more.</summary>
    public static async Task<QgaResult?> PollAsync(QgaClient agent, long pid, CancellationToken cancellationToken)
    {
        var status = await agent.ExecuteAsync(
            "guest-exec-status", writer => writer.WriteNumber("pid", pid), QgaClient.CommandTimeout, cancellationToken);
        return status.Flag("exited") ?? throw QgaClient.Nonsense("guest-exec-status")
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
        : value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : throw QgaClient.Nonsense("guest-exec-status");
}
