using CsCheck;
using Templating.Shim.Network;

namespace Templating.ShimTests.Network;

/// <summary>What comes from the kernel is read with its lengths in doubt all the same: the shim is root.</summary>
public sealed class NetlinkReaderTests
{
    private static readonly Func<NetlinkPart, object?>[] Parsers =
        [LinkEntry.Parse, AddressEntry.Parse, RouteEntry.Parse, NeighbourEntry.Parse, RuleEntry.Parse, TrafficControl.Parse];

    [Fact]
    public void WhateverBytesComeAreReadOrRefusedAndNeverRunPastTheirEnd() => Gen.Byte.Array[0, 300].Sample(bytes => ReadAll(bytes), iter: 20_000);

    [Fact]
    public void MessagesOfHostileAttributesAreReadOrRefused() =>
        Gen.Select(Gen.Byte[0, 12], Gen.Select(Gen.UShort[0, 40], Gen.UShort[0, 30], Gen.Byte.Array[0, 30]).Array[0, 8], Gen.Int[-3, 3], Gen.Int[0, 32])
            .Sample((family, attributes, off, body) => ReadAll(Message(family, attributes, off, body)), iter: 20_000);

    [Fact]
    public void EachCutOfAMessageIsRefusedOrShorter() =>
        Gen.Select(Gen.UShort[0, 40], Gen.UShort[4, 30], Gen.Byte.Array[0, 30]).Array[1, 8].Sample(attributes =>
        {
            var whole = Message(2, attributes, 0, 12);
            for (var length = 0; length < whole.Length; length++)
            {
                ReadAll(whole.AsSpan(0, length));
            }
        }, iter: 500);

    [Fact]
    public void WhatIsWrittenIsReadAgain() => Gen.Select(Gen.UShort[1, 0x3FFF], Gen.Byte.Array[0, 100]).Array[0, 20].Sample(attributes =>
    {
        var request = NetlinkRequest.Of(18, NetlinkRequest.Dump, 7u);
        foreach (var (type, value) in attributes)
        {
            request.Put(type, value);
        }

        var messages = NetlinkReader.OfMessages(request.ToBytes());
        messages.MoveNext().ShouldBeTrue();
        var message = messages.Current;
        messages.MoveNext().ShouldBeFalse();
        (message.Type, message.Flags, message.Head<uint>()).ShouldBe(((ushort)18, (ushort)0x301, 7u));
        var found = new List<(ushort, byte[])>();
        foreach (var part in message.After(sizeof(uint)))
        {
            found.Add((part.Type, part.Body.ToArray()));
        }

        found.Select(f => f.Item1).ShouldBe(attributes.Select(a => a.Item1));
        found.SelectMany(f => f.Item2).ShouldBe(attributes.SelectMany(a => a.Item2));
    }, iter: 500);

    private static void ReadAll(ReadOnlySpan<byte> bytes)
    {
        try
        {
            foreach (var message in NetlinkReader.OfMessages(bytes))
            {
                foreach (var parse in Parsers)
                {
                    try
                    {
                        _ = parse(message);
                    }
                    catch (InvalidDataException)
                    {
                    }
                }
            }
        }
        catch (InvalidDataException)
        {
        }
    }

    /// <summary>One message that says its own length rightly but for an offset, of attributes that say what they like.</summary>
    private static byte[] Message(byte family, (ushort Type, ushort Length, byte[] Value)[] attributes, int off, int body)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(new byte[16]);
        writer.Write(new byte[body]);
        foreach (var (type, length, value) in attributes)
        {
            writer.Write(length);
            writer.Write(type);
            writer.Write(value);
            writer.Write(new byte[-value.Length & 3]);
        }

        var bytes = stream.ToArray();
        BitConverter.TryWriteBytes(bytes, bytes.Length + off);
        if (body > 0)
        {
            bytes[16] = family;
        }

        return bytes;
    }
}
