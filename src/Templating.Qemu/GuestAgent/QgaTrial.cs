using System.Security.Cryptography;
using System.Text.Json;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// Tries in a template's guest what its clones will be asked for, by asking it for that: the identity's own script, a file, a program.
/// Each clone is given its own over it. So a guest that cannot is found before it is published, and not by each of its clones.
/// </summary>
internal static class QgaTrial
{
    public const string HowToMend =
        "Mend the guest's image, or put templating-guest into it, which needs none of that (docs/guest-image.md, \"What each agent gives\").";

    private const string Path = "/run/templating/trial";

    private static readonly string[] Commands = ["guest-exec", "guest-exec-status", "guest-file-open", "guest-file-read", "guest-file-close"];

    /// <exception cref="TemplatingException">GuestNotSuitable, with all the commands that are blocked.</exception>
    public static async Task RequireCommandsAsync(QgaClient agent, CancellationToken cancellationToken)
    {
        JsonElement info;
        try
        {
            info = await agent.ExecuteAsync("guest-info", null, QgaClient.CommandTimeout, cancellationToken);
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.GuestNotSuitable)
        {
            return; // It may not even say what it may do: each is refused when it is used.
        }

        var enabled = info.Member("supported_commands") is { ValueKind: JsonValueKind.Array } all
            ? all.EnumerateArray().Where(command => command.Flag("enabled") is true).Select(command => command.Text("name")).ToHashSet(StringComparer.Ordinal)
            : throw QgaClient.Nonsense("guest-info");
        if (Commands.Where(command => !enabled.Contains(command)).ToList() is { Count: > 0 } blocked)
        {
            throw Blocked(blocked);
        }
    }

    /// <exception cref="TemplatingException">GuestNotSuitable: what is missing, and how to mend it.</exception>
    public static async Task RunAsync(QgaClient agent, TimeProvider time, CancellationToken cancellationToken)
    {
        await RequireCommandsAsync(agent, cancellationToken);
        var identity = new GuestIdentity
        {
            Id = "template",
            Hostname = "-",
            MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Clock = time,
            Seed = RandomNumberGenerator.GetBytes(32),
            Files = [new InjectedFile(Path, "trial"u8.ToArray())],
        };
        try
        {
            var answer = await QgaIdentity.SetAsync(agent, identity, time, cancellationToken);
            Identities.Confirm(identity with { Hostname = answer.Hostname }, answer);
            await RemoveAsync(agent, time, cancellationToken);
        }
        catch (TemplatingException e) when (e.Code is ErrorCode.IdentityNotConfirmed or ErrorCode.GuestFileRefused || QgaClient.IsRefusal(e))
        {
            throw new TemplatingException(ErrorCode.GuestNotSuitable,
                $"The guest has only qemu-guest-agent, and what each clone of it needs failed in a trial: {e.Message.TrimEnd('.')}. {HowToMend}", e);
        }
    }

    /// <summary>The commands that the guest's configuration blocks; what is to be done depends on whose Linux it is.</summary>
    public static TemplatingException Blocked(IReadOnlyList<string> commands) => new(ErrorCode.GuestNotSuitable,
        $"The guest's qemu-guest-agent is configured to refuse {string.Join(", ", commands)}, which clones need. Allow it in the guest's image: take it out of "
        + "'block-rpcs' (before QEMU 8.1: 'blacklist'), or put it into 'allow-rpcs', in /etc/qemu/qemu-ga.conf; in RHEL and its kin, which block it as they "
        + "come, in /etc/sysconfig/qemu-ga (FILTER_RPC_ARGS or BLACKLIST_RPC). Or put templating-guest into the image (docs/guest-image.md).");

    private static async Task RemoveAsync(QgaClient agent, TimeProvider time, CancellationToken cancellationToken)
    {
        var command = new GuestCommand { Arguments = ["rm", Path] };
        await foreach (var output in QgaExec.RunAsync(agent, command, input: null, time, cancellationToken))
        {
            if (output is ExecExited { ExitCode: not 0 } or ExecStandardError)
            {
                var said = output is ExecStandardError error ? Console.ConsoleText.Clean(error.Bytes.Span, 256) : "it did not exit with 0";
                throw new TemplatingException(ErrorCode.IdentityNotConfirmed, $"A program ('rm {Path}') could not be run as it should: {said}.");
            }
        }
    }
}
