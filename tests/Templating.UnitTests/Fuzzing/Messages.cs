using System.Collections;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Templating.Testing;

namespace Templating.UnitTests.Fuzzing;

/// <summary>Any message of any type, made from its descriptor: numbers at their borders, enums out of range, lists of any length.</summary>
internal static class Messages
{
    private static readonly long[] Numbers =
    [
        0, 1, -1, 2, 80, 1000, 1001, 1023, 1024, 65_535, 65_536, int.MaxValue, int.MinValue, uint.MaxValue, 253_402_300_799, 253_402_300_800,
        315_576_000_000, 315_576_000_001, -62_135_596_801, 256L << 20, 1L << 40, long.MaxValue, long.MinValue, long.MinValue + 1,
    ];

    private static readonly int[] Counts = [0, 1, 1, 2, 3, 33, 65, 257];

    private static readonly int[] Sizes = [0, 1, 65_536, 65_537, (512 << 10) + 1];

    /// <summary>CsCheck prints the seed, from which the same message comes again.</summary>
    public static Gen<IMessage> Of(MessageDescriptor type) => Gen.Long.Select(seed => Make(type, new Dice(seed), depth: 0));

    /// <summary>Such a message's bytes, some of them changed, cut off or added.</summary>
    public static Gen<byte[]> BytesOf(MessageDescriptor type) =>
        Gen.Select(Of(type), Gen.Byte, Gen.Int[0, int.MaxValue], Gen.Int[0, 5]).Select((message, value, at, how) =>
        {
            var bytes = message.ToByteArray();
            switch (how)
            {
                case 0 when bytes.Length > 0:
                    bytes[at % bytes.Length] = value;
                    return bytes;
                case 1:
                    return bytes[..(at % (bytes.Length + 1))];
                case 2:
                    return [.. bytes, value, .. bytes];
                default:
                    return bytes;
            }
        });

    private static IMessage Make(MessageDescriptor type, Dice random, int depth)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InFieldNumberOrder().Where(_ => random.Next(5) > 0))
        {
            if (field.IsMap)
            {
                var map = (IDictionary)field.Accessor.GetValue(message);
                var (key, value) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
                for (var i = Count(random, depth); i > 0; i--)
                {
                    map[random.Next(3) == 0 ? $"K{i}" : Value(key, random, depth)] = Value(value, random, depth);
                }
            }
            else if (field.IsRepeated)
            {
                var list = (IList)field.Accessor.GetValue(message);
                for (var i = Count(random, depth); i > 0; i--)
                {
                    list.Add(Value(field, random, depth));
                }
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, random, depth));
            }
        }

        return message;
    }

    private static int Count(Dice random, int depth) => Counts[random.Next(depth == 0 ? Counts.Length : Counts.Length - 2)];

    private static object Value(FieldDescriptor field, Dice random, int depth) => field.FieldType switch
    {
        FieldType.String => Texts.Any(random),
        FieldType.Bytes => ByteString.CopyFrom(new byte[random.Of(Sizes)]),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Double => (double)Number(random),
        FieldType.Float => (float)Number(random),
        FieldType.Enum => System.Enum.ToObject(field.EnumType.ClrType, random.Next(3) == 0 ? (int)Number(random) : random.Next(8)),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Number(random),
        FieldType.UInt64 or FieldType.Fixed64 => (ulong)Number(random),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)Number(random),
        FieldType.Message when field.MessageType == Duration.Descriptor => new Duration { Seconds = Number(random), Nanos = (int)Number(random) },
        FieldType.Message when field.MessageType == Timestamp.Descriptor => new Timestamp { Seconds = Number(random), Nanos = (int)Number(random) },
        FieldType.Message => Make(field.MessageType, random, depth + 1),
        _ => (int)Number(random),
    };

    private static long Number(Dice random) => random.Next(3) == 0 ? random.Next(0, 100) : random.Of(Numbers);
}
