using System.Text;
using Templating.Node.Kubernetes;

namespace Templating.UnitTests.Node.Kubernetes;

/// <summary>The value of <c>:authority</c> as grpc-go sends it, cut into pieces at every place.</summary>
public sealed class AuthorityFilterTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    // "/a/b" and "-a-b" in HPACK's Huffman code: 011000 00011 011000 100011 (or 010110 for each '/'), then ones.
    private static readonly byte[] Slashes = [0b01100000, 0b01101100, 0b01000111];
    private static readonly byte[] Dashes = [0b01011000, 0b01101011, 0b01000111];

    [Fact]
    public async Task APathInPlainBytesBecomesAHost()
    {
        byte[] block = [0x83, 0x41, 0x09, .. "/run/a%2F"u8, 0x86];
        byte[] expected = [0x83, 0x41, 0x09, .. "-run-a-2F"u8, 0x86];
        (await EveryCutAsync(Frames(block))).ShouldAllBe(found => found.SequenceEqual(Frames(expected)));
    }

    [Fact]
    public async Task APathInHuffmanCodeBecomesAHostOfTheSameLength()
    {
        byte[] block = [0x83, 0x41, 0x83, .. Slashes, 0x86];
        byte[] expected = [0x83, 0x41, 0x83, .. Dashes, 0x86];
        (await EveryCutAsync(Frames(block))).ShouldAllBe(found => found.SequenceEqual(Frames(expected)));
    }

    [Fact]
    public async Task OtherHeadersStayAsTheyAre()
    {
        // ":path" by its index in the static table, and a header with a name of its own.
        byte[] block = [0x44, 0x04, .. "/a/b"u8, 0x40, 0x03, .. "x/y"u8, 0x03, .. "a/b"u8, 0x41, 0x09, .. "localhost"u8];
        (await EveryCutAsync(Frames(block))).ShouldAllBe(found => found.SequenceEqual(Frames(block)));
    }

    [Fact]
    public async Task PaddingAndPriorityAreNotHeaders()
    {
        byte[] payload = [0x02, 0, 0, 0, 0, 0xff, 0x41, 0x02, .. "/a"u8, (byte)'/', (byte)'/'];
        byte[] expected = [0x02, 0, 0, 0, 0, 0xff, 0x41, 0x02, .. "-a"u8, (byte)'/', (byte)'/'];
        (await EveryCutAsync(Frames(payload, flags: 0x2c))).ShouldAllBe(found => found.SequenceEqual(Frames(expected, flags: 0x2c)));
    }

    private static byte[] Frames(byte[] block, byte flags = 0x04)
    {
        byte[] settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, .. "//////"u8];
        byte[] headers = [0, 0, (byte)block.Length, 1, flags, 0, 0, 0, 1, .. block];
        byte[] data = [0, 0, 3, 0, 1, 0, 0, 0, 1, .. "A//"u8];
        return [.. Encoding.ASCII.GetBytes(Preface), .. settings, .. headers, .. data];
    }

    private static Task<byte[][]> EveryCutAsync(byte[] sent) =>
        Task.WhenAll(Enumerable.Range(1, sent.Length - 1).Select(cut => ReadAsync(sent, cut)));

    private static async Task<byte[]> ReadAsync(byte[] sent, int cut)
    {
        await using var stream = new AuthorityStream(new Pieces([sent[..cut], sent[cut..]]));
        var found = new MemoryStream();
        await stream.CopyToAsync(found);
        return found.ToArray();
    }

    private sealed class Pieces(IReadOnlyList<byte[]> pieces) : MemoryStream
    {
        private int _next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_next == pieces.Count)
            {
                return ValueTask.FromResult(0);
            }

            pieces[_next].CopyTo(buffer);
            return ValueTask.FromResult(pieces[_next++].Length);
        }
    }
}
