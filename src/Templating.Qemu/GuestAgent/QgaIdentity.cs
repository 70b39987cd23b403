using System.Globalization;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Makes any Linux with qemu-guest-agent itself: its clock by a command of the agent where it can, the rest by one script.</summary>
internal static class QgaIdentity
{
    private static readonly TimeSpan ClockTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Arguments: id, host name, machine id, MAC or "-", seconds of the clock or "-" where it is set. Standard input: environment, user data and seed, a line of
    /// base64 each. Prints what it reads back, a line each. /etc may be read-only: then a bind mount, or a link.
    /// </summary>
    private const string Script = """
        set -e
        umask 022
        mkdir -p /run/templating
        [ "$5" = - ] || date -s "@$5" >/dev/null
        read -r env; read -r data; read -r seed
        printf %s "$seed" | base64 -d >/dev/urandom
        printf %s "$1" >/run/templating/id
        printf %s "$env" | base64 -d >/run/templating/env
        (umask 077; printf %s "$data" | base64 -d >/run/templating/user-data)
        printf '%s\n' "$2" >/proc/sys/kernel/hostname
        printf '%s\n' "$3" >/run/machine-id
        if [ "$(cat /etc/machine-id 2>/dev/null)" != "$3" ]; then
            { cat /run/machine-id >/etc/machine-id; } 2>/dev/null || mount --bind /run/machine-id /etc/machine-id
        fi
        if [ "$4" != - ]; then
            for card in /sys/class/net/*; do
                card=${card##*/}
                [ "$card" = lo ] && continue
                ip link set dev "$card" address "$4" 2>/dev/null || {
                    ip link set dev "$card" down; ip link set dev "$card" address "$4"; ip link set dev "$card" up
                }
                break
            done
        fi
        cat /proc/sys/kernel/hostname
        cat /etc/machine-id
        date +%s
        if dmesg 2>/dev/null | grep -q 'crng reseeded due to virtual machine fork'; then echo kernel; else echo seed; fi
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
        echo
        """;

    /// <summary>Arguments: path and mode. Standard input: the content, decoded by the agent.</summary>
    private const string FileScript = """
        set -e
        umask 022
        mkdir -p "$(dirname "$1")"
        umask 077
        cat >"$1"
        chmod "$2" "$1"
        """;

    public static async Task<IdentityConfirmation> SetAsync(
        QgaClient agent, GuestIdentity identity, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var file in identity.Files)
        {
            await WriteAsync(agent, file, time, cancellationToken);
        }

        var clockSet = await SetClockAsync(agent, identity, cancellationToken);
        var input = string.Concat(
            Convert.ToBase64String(Encoding.UTF8.GetBytes(EnvironmentFile(identity.Environment))), "\n",
            Convert.ToBase64String(identity.UserData.Span), "\n", Convert.ToBase64String(identity.Seed.Span), "\n");
        var pid = await QgaProcess.StartAsync(agent,
            ["/bin/sh", "-c", Script, "sh", identity.Id, identity.Hostname, identity.MachineId, identity.Mac ?? "-",
             clockSet ? "-" : identity.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)],
            Encoding.ASCII.GetBytes(input), cancellationToken);
        var result = await QgaProcess.WaitAsync(agent, pid, time, cancellationToken);
        if (result.ExitCode is not 0)
        {
            throw new TemplatingException(ErrorCode.IdentityNotConfirmed,
                $"The guest's script for its identity failed: {Console.ConsoleText.Clean(result.Error, 512)}");
        }

        return Parse(result.Output);
    }

    private static async Task WriteAsync(QgaClient agent, InjectedFile file, TimeProvider time, CancellationToken cancellationToken)
    {
        var pid = await QgaProcess.StartAsync(
            agent, ["/bin/sh", "-c", FileScript, "sh", file.Path, Convert.ToString(file.Mode, toBase: 8)], file.Content, cancellationToken);
        var result = await QgaProcess.WaitAsync(agent, pid, time, cancellationToken);
        if (result.ExitCode is not 0)
        {
            throw Identities.FileRefused(file.Path, Console.ConsoleText.Clean(result.Error, 512));
        }
    }

    /// <summary>False where the agent refuses: it does without hwclock(8), which small images lack.</summary>
    private static async Task<bool> SetClockAsync(QgaClient agent, GuestIdentity identity, CancellationToken cancellationToken)
    {
        try
        {
            await agent.ExecuteAsync("guest-set-time",
                writer => writer.WriteNumber("time", GuestWords.UnixNanoseconds(identity.Clock.GetUtcNow())),
                ClockTimeout, cancellationToken);
            return true;
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.GuestAgentFailed)
        {
            // Not lost when it was another failure: the script goes over the same connection, and its answer is checked.
            return false;
        }
    }

    /// <summary>One <c>NAME='value'</c> a line, for a shell to read.</summary>
    public static string EnvironmentFile(IReadOnlyDictionary<string, string> variables) => string.Concat(
        variables.Select(v => $"{v.Key}='{v.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'\n"));

    public static IdentityConfirmation Parse(byte[] output)
    {
        var lines = Encoding.UTF8.GetString(output).Split('\n');
        const int Lines = 5;
        const long LatestSecond = 253_402_300_799; // the year 9999, DateTimeOffset's end
        return lines.Length >= Lines && long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= LatestSecond
                ? new IdentityConfirmation(lines[0], lines[1], DateTimeOffset.FromUnixTimeSeconds(seconds), lines[3] is "kernel", lines[4])
                : throw new TemplatingException(ErrorCode.GuestAgentFailed,
                    $"The guest's script for its identity printed nonsense: '{Qmp.QmpMessage.Quote(output)}'.");
    }
}
