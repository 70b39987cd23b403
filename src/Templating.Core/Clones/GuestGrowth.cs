using System.Globalization;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>
/// Whether a guest uses what it was given. Distributions bring memory and CPUs online by udev; a guest without does not, so each is told to by
/// sysfs. What it answers is no more than its word.
/// </summary>
internal static class GuestGrowth
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const int MaxAnswer = 128;

    // No program is started for each: under emulation that costs 10 ms, and a terabyte has 8192 of these blocks. A CPU that cannot be
    // taken offline has no file. The bytes and CPUs there are to be; 0 for what is not asked.
    private const string Script = """
        block=0
        [ "$1" = 0 ] || block=$((0x$(cat /sys/devices/system/memory/block_size_bytes))) || exit 1
        while :; do
            bytes=0 cpus=0
            [ "$1" = 0 ] || for file in /sys/devices/system/memory/memory[0-9]*/state; do
                read -r state <"$file"
                [ "$state" = online ] || { echo online >"$file"; } 2>/dev/null && bytes=$((bytes + block))
            done
            for folder in /sys/devices/system/cpu/cpu[0-9]*; do
                state=1
                { read -r state <"$folder/online"; } 2>/dev/null
                [ "$state" = 1 ] || { echo 1 >"$folder/online"; } 2>/dev/null && cpus=$((cpus + 1))
            done
            [ "$bytes" -ge "$1" ] && [ "$cpus" -ge "$2" ] && exit 0
            echo "$bytes bytes $cpus cpus"
            sleep 0.1 2>/dev/null || sleep 1
        done
        """;

    /// <exception cref="TemplatingException">GuestNotReady: not in time. GuestAgentFailed, GuestStopped.</exception>
    public static async Task WaitOnlineAsync(IGuest guest, CloneSize size)
    {
        var command = new GuestCommand
        {
            Arguments = ["/bin/sh", "-c", Script, "sh", Text(size.MemoryBytes ?? 0), Text(size.Vcpus ?? 0)],
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
            $"It was plugged, but the guest does not have {Words(size)} online after {Limit.TotalSeconds:0} s; it says: {last}.");
    }

    private static string Words(CloneSize size) => string.Join(" and ", new[]
    {
        size.MemoryBytes is { } bytes ? $"{bytes} bytes of RAM" : null,
        size.Vcpus is { } vcpus ? $"{vcpus} vCPUs" : null,
    }.OfType<string>());

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
