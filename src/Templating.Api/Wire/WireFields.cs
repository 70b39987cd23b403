using Google.Protobuf.Reflection;

namespace Templating.Api.Wire;

/// <summary>
/// Counts the fields of an encoded message before it is decoded. An empty message within another has two bytes on the wire and
/// a hundred in memory, so that a limit in bytes is none.
/// </summary>
public static class WireFields
{
    /// <summary>The largest request there is, a batch of a thousand clones, has a tenth of it.</summary>
    public const int Most = 32_768;

    private const int MaxDepth = 100;

    /// <summary>Whether it has at most so many fields. What is no message at all is left to the decoder to refuse.</summary>
    public static bool AreFew(ReadOnlySpan<byte> message, MessageDescriptor descriptor, int most = Most)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        var count = 0;
        Count(message, descriptor, most, depth: 0, ref count);
        return count <= most;
    }

    private static void Count(ReadOnlySpan<byte> rest, MessageDescriptor descriptor, int most, int depth, ref int count)
    {
        while (!rest.IsEmpty && count <= most && depth < MaxDepth && TryVarint(ref rest, out var tag))
        {
            count++;
            switch (tag & 7)
            {
                case 0 when TryVarint(ref rest, out _):
                case 1 when TrySkip(ref rest, 8, out _):
                case 5 when TrySkip(ref rest, 4, out _):
                case 3 or 4:
                    break;
                case 2 when TryVarint(ref rest, out var length) && TrySkip(ref rest, length, out var content):
                    var field = descriptor.FindFieldByNumber((int)Math.Min(tag >> 3, int.MaxValue));
                    if (field?.FieldType == FieldType.Message)
                    {
                        Count(content, field.MessageType, most, depth + 1, ref count);
                    }

                    break;
                default:
                    return;
            }
        }
    }

    private static bool TrySkip(ref ReadOnlySpan<byte> rest, ulong bytes, out ReadOnlySpan<byte> skipped)
    {
        if (bytes > (ulong)rest.Length)
        {
            skipped = default;
            return false;
        }

        skipped = rest[..(int)bytes];
        rest = rest[(int)bytes..];
        return true;
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (var i = 0; i < rest.Length && i < 10; i++)
        {
            value |= (ulong)(rest[i] & 0x7f) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
