using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using Templating.Core.Errors;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>A line of the guest protocol (docs/guest-protocol.md) taken apart, with limits: the guest is hostile.</summary>
internal readonly struct GuestLine
{
    /// <summary>The longest line a guest may send.</summary>
    public const int MaxBytes = 16 * 1024;

    private readonly string[] _words;

    private GuestLine(string[] words) => _words = words;

    public string Verb => _words[0];

    public int Count => _words.Length;

    public static GuestLine Parse(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e))
        {
            throw Nonsense(line);
        }

        return new GuestLine(Encoding.ASCII.GetString(line).Split(' '));
    }

    public void Expect(int words)
    {
        if (_words.Length != words)
        {
            throw Broken();
        }
    }

    public string Word(int index) => index < _words.Length ? _words[index] : throw Broken();

    public uint Number(int index) => uint.TryParse(Word(index), System.Globalization.NumberStyles.None, null, out var number)
        ? number
        : throw Broken();

    public int? OptionalNumber(int index) => Word(index) is "-" ? null : Number(index) is <= int.MaxValue and var number
        ? (int)number
        : throw Broken();

    public long LongNumber(int index) => long.TryParse(Word(index), System.Globalization.NumberStyles.None, null, out var number)
        ? number
        : throw Broken();

    public byte[] Bytes(int index)
    {
        var word = Word(index);
        if (word is "-")
        {
            return [];
        }

        var bytes = new byte[word.Length];
        return Base64.DecodeFromUtf8(Encoding.ASCII.GetBytes(word), bytes, out _, out var written) == OperationStatus.Done
            ? bytes[..written]
            : throw Broken();
    }

    public string Text(int index) => Utf8.IsValid(Bytes(index)) is true ? Encoding.UTF8.GetString(Bytes(index)) : throw Broken();

    public TemplatingException Broken() => Nonsense(Encoding.ASCII.GetBytes(string.Join(' ', _words)));

    private static TemplatingException Nonsense(ReadOnlySpan<byte> line) => new(ErrorCode.GuestAgentFailed,
        $"The guest's agent sent what the protocol does not know: '{QmpMessage.Quote(line)}'.");
}
