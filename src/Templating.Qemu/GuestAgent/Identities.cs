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
            throw new TemplatingException(ErrorCode.IdentityNotConfirmed,
                $"The guest could not take its identity: {Console.ConsoleText.Clean(line.Bytes(2))}.");
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

    private static DateTimeOffset At(GuestLine line) => line.LongNumber(4) is > 0 and var nanoseconds
        ? DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100)
        : throw line.Broken();

    private static TemplatingException Mismatch(string what, string wanted, string found) =>
        new(ErrorCode.IdentityNotConfirmed,
            $"The guest was to have the {what} '{wanted}' but says '{Console.ConsoleText.Clean(System.Text.Encoding.UTF8.GetBytes(found), 128)}'.");
}
