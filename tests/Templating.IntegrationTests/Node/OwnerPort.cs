using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Templating.IntegrationTests.Node;

/// <summary>The first words on a sandbox's port for its owner (docs/guest-protocol.md).</summary>
internal static class OwnerPort
{
    private const byte Hello = 1;
    private const byte Welcome = 65;
    private const int Header = 9;

    /// <summary>Whether the guest welcomes us with the nonce that it was sent.</summary>
    public static async Task<bool> GreetAsync(string path, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        await using var stream = new NetworkStream(socket);
        var nonce = RandomNumberGenerator.GetBytes(16);
        byte[] payload = [.. "TGOWNER1"u8, 1, 0, .. nonce];
        var header = new byte[Header];
        header[0] = Hello;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(5), payload.Length);
        await stream.WriteAsync((byte[])[.. header, .. payload], cancellationToken);

        await stream.ReadExactlyAsync(header, cancellationToken);
        var answer = new byte[BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(5))];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return header[0] == Welcome && answer.AsSpan(0, nonce.Length).SequenceEqual(nonce);
    }
}
