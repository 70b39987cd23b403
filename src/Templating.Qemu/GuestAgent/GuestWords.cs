using System.Globalization;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>Lines from host to guest (docs/guest-protocol.md).</summary>
internal static class GuestWords
{
    /// <summary>The longest line a guest takes.</summary>
    public const int MaxLineBytes = 262_144;

    /// <summary>In base64 two thirds of a line: path and mode have room beside it.</summary>
    private const int FilePartBytes = 128 << 10;

    /// <summary>A clone keeps the network card's address: what gives it its network remembers that (ADR 0016).</summary>
    private const string KeptMac = "-";

    public static byte[] Sync(string nonce) => Line($"sync {nonce}");

    public static byte[] Identify(GuestIdentity identity)
    {
        var nanoseconds = UnixNanoseconds(identity.Clock.GetUtcNow());
        return Line(string.Join(' ', "identify", Word(identity.Id), Word(identity.Hostname), identity.MachineId,
            nanoseconds.ToString(CultureInfo.InvariantCulture), KeptMac, Word(identity.Seed.Span),
            Environment(identity.Environment), Word(identity.UserData.Span)));
    }

    /// <summary>One line for each part of a file; an empty file has one too.</summary>
    public static IEnumerable<byte[]> File(InjectedFile file)
    {
        var (path, mode) = (Word(file.Path), Convert.ToString(file.Mode, toBase: 8));
        var at = 0;
        do
        {
            var part = file.Content.Slice(at, Math.Min(FilePartBytes, file.Content.Length - at));
            yield return Line($"file {path} 0{mode} {(at == 0 ? "new" : "more")} {Word(part.Span)}");
            at += part.Length;
        }
        while (at < file.Content.Length);
    }

    /// <param name="why">Whether the guest can tell why it killed the command, and is to.</param>
    public static byte[] Exec(uint number, GuestCommand command, bool input, bool why = false)
    {
        var flags = (input ? "i" : "") + (command.Terminal is null ? "" : "t") + (command.User is null ? "" : "u") + (why ? "w" : "");
        string[] size = command.Terminal is { } terminal ? [Text((uint)terminal.Rows), Text((uint)terminal.Columns)] : [];
        string[] user = command.User is { } name ? [Word(name)] : [];
        var timeout = (long)Math.Ceiling((command.Timeout ?? TimeSpan.Zero).TotalMilliseconds);
        return Line(string.Join(' ',
            ["exec", Text(number), flags.Length > 0 ? flags : "-", timeout.ToString(CultureInfo.InvariantCulture),
             Word(command.WorkingDirectory ?? ""), Environment(command.Environment), .. size, .. user, .. command.Arguments.Select(Word)]));
    }

    public static byte[] Input(uint number, ReadOnlySpan<byte> bytes) => Line($"in {Text(number)} {Word(bytes)}");

    public static byte[] Kill(uint number, int signal) => Line($"kill {Text(number)} {signal}");

    public static byte[] Resize(uint number, TerminalSize size) => Line($"resize {Text(number)} {size.Rows} {size.Columns}");

    public static byte[] Acknowledge(uint number, int bytes) => Line($"ack {Text(number)} {bytes}");

    public static long UnixNanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Word(string text) => Word(Encoding.UTF8.GetBytes(text));

    private static string Word(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? "-" : Convert.ToBase64String(bytes);

    private static string Environment(IReadOnlyDictionary<string, string> variables) =>
        Word(string.Concat(variables.Select(v => $"{v.Key}={v.Value}\0")));

    private static byte[] Line(string words) => Encoding.ASCII.GetByteCount(words) < MaxLineBytes
        ? Encoding.ASCII.GetBytes(words + "\n")
        : throw new TemplatingException(ErrorCode.InvalidArgument,
            $"What is to be sent to the guest comes to {words.Length} bytes in one line; {MaxLineBytes - 1} is the most it takes. "
            + "Shorten the arguments, the environment or the user data.");
}
