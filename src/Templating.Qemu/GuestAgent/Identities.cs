using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Compares what the guest says it has become with what was asked.</summary>
internal static class Identities
{
    /// <summary>How far the guest's clock may be from the host's: the answer's way back on a busy machine.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(30);

    private const int RandomDigits = 32;

    public static IdentityConfirmation Read(GuestLine line, GuestIdentity identity)
    {
        if (line.Verb is "failed")
        {
            var reason = Console.ConsoleText.Clean(line.Bytes(2));
            throw FileIn(reason, identity) is { } path
                ? FileRefused(path, reason[FileFailed(path).Length..])
                : new TemplatingException(ErrorCode.IdentityNotConfirmed, $"The guest could not take its identity: {reason}.");
        }

        line.Expect(7);
        if (!string.Equals(line.Text(1), identity.Id, StringComparison.Ordinal))
        {
            throw Mismatch("id", identity.Id, line.Text(1));
        }

        return new IdentityConfirmation(line.Text(2), line.Word(3), At(line), line.Word(5) is "kernel", line.Word(6));
    }

    public static IdentityConfirmation Confirm(GuestIdentity identity, IdentityConfirmation answer)
    {
        if (!string.Equals(answer.Hostname, identity.Hostname, StringComparison.Ordinal))
        {
            throw Mismatch("host name", identity.Hostname, answer.Hostname);
        }

        if (!string.Equals(answer.MachineId, identity.MachineId, StringComparison.Ordinal))
        {
            throw Mismatch("machine id", identity.MachineId, answer.MachineId);
        }

        var now = identity.Clock.GetUtcNow();
        if ((answer.Clock - now).Duration() > ClockTolerance)
        {
            throw Mismatch("clock", now.ToString("O"), answer.Clock.ToString("O"));
        }

        if (answer.Random.Length != RandomDigits || !answer.Random.All(char.IsAsciiHexDigitLower))
        {
            throw Mismatch("random number", "32 hex digits", answer.Random);
        }

        return answer;
    }

    /// <param name="path">In the guest.</param>
    /// <param name="said">What its kernel or its shell said.</param>
    public static TemplatingException FileRefused(string path, string said) => new(ErrorCode.GuestFileRefused,
        $"The guest could not write {Quote.Text(path)}: {said.Trim().TrimEnd('.')}. Choose a path on a file system that the guest can write to, such as /run, or make its root writable.")
    {
        Details = new Dictionary<string, string>(StringComparer.Ordinal) { ["file"] = path },
    };

    /// <summary>Of the files that the clone was to have, the one that templating-guest says it failed at.</summary>
    private static string? FileIn(string reason, GuestIdentity identity) =>
        identity.Files.Select(file => file.Path).FirstOrDefault(path => reason.StartsWith(FileFailed(path), StringComparison.Ordinal));

    private static string FileFailed(string path) => $"Failed at writing {path}:";

    private static DateTimeOffset At(GuestLine line) => line.LongNumber(4) is > 0 and var nanoseconds
        ? DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100)
        : throw line.Broken();

    private static TemplatingException Mismatch(string what, string wanted, string found) =>
        new(ErrorCode.IdentityNotConfirmed,
            $"The guest was to have the {what} '{wanted}' but says '{Console.ConsoleText.Clean(System.Text.Encoding.UTF8.GetBytes(found), 128)}'.");
}
