using System.Globalization;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Makes any Linux with qemu-guest-agent itself: its clock by a command of the agent where it can, the rest by one script.</summary>
internal static class QgaIdentity
{
    /// <summary>What a script ends with where the guest has not the programs it needs.</summary>
    private const int ProgramsMissing = 3;

    private const string NotTaken = "The guest could not take its identity";

    private static readonly TimeSpan ClockTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Arguments: id, host name or "-" to keep it, machine id, seconds of the clock or "-" where it is set, boot id. Standard
    /// input: environment, user data and seed, a line of base64 each. Prints what it reads back, a line each. /etc may be read-only: then a
    /// bind mount, or a link. The boot id comes from the host: a kernel without vmgenid draws the same "random" one in every clone.
    /// </summary>
    internal const string Script = """
        set -e
        umask 022
        : "${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
        export PATH
        lacking=
        for program in base64 cat chmod date dirname env mkdir mount od rm tr; do
            command -v "$program" >/dev/null 2>&1 || { lacking="$lacking $program"; }
        done
        [ -z "$lacking" ] || { echo "the guest lacks the programs$lacking" >&2; exit 3; }
        trap 'code=$?; [ $code = 0 ] || echo "(at $step, exit code $code)" >&2' EXIT
        step='setting the clock'
        [ "$4" = - ] || date -s "@$4" >/dev/null
        step='making /run/templating'
        mkdir -p /run/templating
        read -r env; read -r data; read -r seed
        step='mixing the seed into /dev/urandom'
        printf %s "$seed" | base64 -d >/dev/urandom
        step='writing /run/templating'
        printf %s "$1" >/run/templating/id
        printf %s "$env" | base64 -d >/run/templating/env
        (umask 077; printf %s "$data" | base64 -d >/run/templating/user-data)
        step='setting the host name'
        name=$2
        [ "$name" != - ] || name=$(cat /proc/sys/kernel/hostname)
        printf '%s\n' "$name" >/proc/sys/kernel/hostname
        step='setting the machine id'
        printf '%s\n' "$3" >/run/machine-id
        if [ "$(cat /etc/machine-id 2>/dev/null)" != "$3" ]; then
            { cat /run/machine-id >/etc/machine-id; } 2>/dev/null || mount --bind /run/machine-id /etc/machine-id
        fi
        step='covering the boot id'
        printf '%s\n' "$5" >/run/templating/boot-id
        if [ "$(cat /proc/sys/kernel/random/boot_id)" != "$5" ]; then
            mount --bind /run/templating/boot-id /proc/sys/kernel/random/boot_id
        fi
        step='reading it all back'
        cat /proc/sys/kernel/hostname
        cat /etc/machine-id
        date +%s
        if dmesg 2>/dev/null | grep -q 'crng reseeded due to virtual machine fork'; then echo kernel; else echo seed; fi
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
        echo
        cat /proc/sys/kernel/random/boot_id
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
        // First: what is written from here on has the clone's time, not that of the frozen moment.
        var clockSet = await SetClockAsync(agent, identity, cancellationToken);
        if (!clockSet && identity.Files.Count > 0)
        {
            await RunAsync(agent, ["date", "-s", "@" + Seconds(identity)], default, said => Failed("The guest could not set its clock", said), time, cancellationToken);
        }

        foreach (var file in identity.Files)
        {
            await RunAsync(agent, ["/bin/sh", "-c", FileScript, "sh", file.Path, Convert.ToString(file.Mode, toBase: 8)], file.Content,
                said => Identities.FileRefused(file.Path, said), time, cancellationToken);
        }

        var bootId = Guid.NewGuid().ToString("D");
        var input = string.Concat(
            Convert.ToBase64String(Encoding.UTF8.GetBytes(EnvironmentFile(identity.Environment))), "\n",
            Convert.ToBase64String(identity.UserData.Span), "\n", Convert.ToBase64String(identity.Seed.Span), "\n");
        var output = await RunAsync(agent,
            ["/bin/sh", "-c", Script, "sh", identity.Id, identity.Hostname, identity.MachineId, clockSet ? "-" : Seconds(identity), bootId],
            Encoding.ASCII.GetBytes(input), said => Failed(NotTaken, said), time, cancellationToken);
        return Parse(output, bootId);
    }

    private static async Task<byte[]> RunAsync(
        QgaClient agent, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, Func<string, TemplatingException> refuse, TimeProvider time, CancellationToken cancellationToken)
    {
        var result = await QgaProcess.RunAsync(agent, arguments, input, time, cancellationToken);
        return result.ExitCode switch
        {
            0 => result.Output,
            ProgramsMissing => throw new TemplatingException(ErrorCode.GuestNotSuitable, $"{NotTaken}: {Said(result)}. {QgaTrial.HowToMend}"),
            _ => throw refuse(Said(result)),
        };
    }

    private static string Said(QgaResult result) => Console.ConsoleText.Clean(result.Error, 512);

    private static TemplatingException Failed(string what, string said) => new(ErrorCode.IdentityNotConfirmed, $"{what}: {said}");

    private static string Seconds(GuestIdentity identity) => identity.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

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
        catch (TemplatingException e) when (e.Code is ErrorCode.GuestAgentFailed or ErrorCode.GuestNotSuitable)
        {
            // Not lost when it was another failure: the script goes over the same connection, and its answer is checked.
            return false;
        }
    }

    /// <summary>One <c>NAME='value'</c> a line, for a shell to read.</summary>
    public static string EnvironmentFile(IReadOnlyDictionary<string, string> variables) => string.Concat(
        variables.Select(v => $"{v.Key}='{v.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'\n"));

    /// <param name="output">What the script printed.</param>
    /// <param name="bootId">The boot id it was to set; null where that is not looked at.</param>
    public static IdentityConfirmation Parse(byte[] output, string? bootId = null)
    {
        var lines = Encoding.UTF8.GetString(output).Split('\n');
        const int Lines = 5;
        const long LatestSecond = 253_402_300_799; // the year 9999, DateTimeOffset's end
        if (lines.Length < Lines || !long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > LatestSecond)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed,
                $"The guest's script for its identity printed nonsense: '{Qmp.QmpMessage.Quote(output)}'.");
        }

        return bootId is null || (lines.Length > Lines && string.Equals(lines[Lines], bootId, StringComparison.Ordinal))
            ? new IdentityConfirmation(lines[0], lines[1], DateTimeOffset.FromUnixTimeSeconds(seconds), lines[3] is "kernel", lines[4])
            : throw new TemplatingException(ErrorCode.IdentityNotConfirmed,
                $"The guest was to have the boot id '{bootId}' but says '{Console.ConsoleText.Clean(Encoding.UTF8.GetBytes(string.Join(' ', lines.Skip(Lines))), 64)}'.");
    }
}
