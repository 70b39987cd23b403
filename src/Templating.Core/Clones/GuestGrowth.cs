using System.Globalization;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>
/// Whether a guest uses what it was given. Distributions bring memory online by udev; a guest without does not, so each is told to by sysfs. What it answers is no more than its word.
/// </summary>
internal static class GuestGrowth
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const int MaxAnswer = 128;

    // No program is started for each: under emulation that costs 10 ms, and a terabyte has 8192 of these blocks.
    private const string Script = """
        block=$((0x$(cat /sys/devices/system/memory/block_size_bytes))) || exit 1
        while :; do
            bytes=0
            for file in /sys/devices/system/memory/memory[0-9]*/state; do
                read -r state <"$file"
                [ "$state" = online ] || { echo online >"$file"; } 2>/dev/null && bytes=$((bytes + block))
            done
            [ "$bytes" -ge "$1" ] && exit 0
            echo "$bytes bytes"
            sleep 0.1 2>/dev/null || sleep 1
        done
        """;

    /// <exception cref="TemplatingException">GuestNotReady: not in time. GuestAgentFailed, GuestStopped.</exception>
    public static async Task WaitOnlineAsync(IGuest guest, long memoryBytes)
    {
        var command = new GuestCommand
        {
            Arguments = ["/bin/sh", "-c", Script, "sh", memoryBytes.ToString(CultureInfo.InvariantCulture)],
            Timeout = Limit,
        };
        var last = "nothing";
        await foreach (var output in guest.ExecAsync(command, input: null, CancellationToken.None))
        {
            if (output is ExecExited { ExitCode: 0 })
            {
                return;
            }

            if (output is ExecStandardOutput { Bytes.Length: > 0 and <= MaxAnswer } said)
            {
                last = new string([.. Encoding.ASCII.GetString(said.Bytes.Span).Where(c => char.IsAsciiLetterOrDigit(c) || c == ' ')]);
            }
        }

        throw new TemplatingException(ErrorCode.GuestNotReady,
            $"It was plugged, but the guest does not have {memoryBytes} bytes of RAM online after {Limit.TotalSeconds:0} s; it says: {last}.");
    }
}
