using Templating.Testing;

namespace Templating.Fuzz;

/// <summary>Changes an input as AFL's havoc stage does: bits, bytes, numbers at their borders, pieces moved, doubled, cut and spliced.</summary>
internal sealed class Mutator(Dice dice)
{
    private const int MaxBytes = 64 << 10;

    private static readonly byte[] Borders = [0, 1, 0x20, 0x7e, 0x7f, 0x80, 0xc0, 0xd8, 0xff, (byte)'"', (byte)'\\', (byte)'\n', (byte)'-', (byte)'{', (byte)'['];

    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "\\ud800", "\\udc00", "null", "true", "{}", "[]", "-1", "9223372036854775808", "1e400", "\n", " ", "-", "\"\":", "\\u0000", "4294967295", "YQ==", "out 1 ",
            "err 1 ", "exit 1 0 -\n", "took 1 ", "identified ", "failed ", "\"id\":1", "\"return\":", "\"error\":", "\"event\":", "tenants/", "Kernel panic",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0xed, 0xa0, 0x80],
    ];

    public byte[] Mutate(byte[] input, IReadOnlyList<byte[]> others)
    {
        var bytes = new List<byte>(input);
        for (var steps = 1 << dice.Next(5); steps > 0; steps--)
        {
            var at = dice.Next(bytes.Count + 1);
            var length = dice.Next(1, 33);
            switch (dice.Next(9))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << dice.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = dice.Of(Borders);
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] += (byte)dice.Next(-16, 17);
                    break;
                case 3:
                    bytes.InsertRange(at, dice.Of(Words));
                    break;
                case 4:
                    bytes.RemoveRange(at, Math.Min(length, bytes.Count - at));
                    break;
                case 5:
                    var from = dice.Next(bytes.Count + 1);
                    bytes.InsertRange(at, bytes.GetRange(from, Math.Min(length, bytes.Count - from)));
                    break;
                case 6:
                    bytes.InsertRange(at, Enumerable.Repeat(dice.Of(Borders), dice.Next(8) == 0 ? 4096 : length));
                    break;
                case 7:
                    var other = dice.Of(others);
                    var start = dice.Next(other.Length + 1);
                    bytes.InsertRange(at, other.AsSpan(start, Math.Min(dice.Next(1, 257), other.Length - start)).ToArray());
                    break;
                default:
                    var word = dice.Of(Words);
                    bytes.RemoveRange(at, Math.Min(word.Length, bytes.Count - at));
                    bytes.InsertRange(at, word);
                    break;
            }
        }

        return bytes.Count <= MaxBytes ? [.. bytes] : [.. bytes.Take(MaxBytes)];
    }
}
