using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Templating.Api.Wire;

namespace Templating.Api.Pods;

/// <summary>
/// Messages on a VM pod's socket: four bytes of length, big-endian, then that many bytes of one protobuf message
/// (docs/kubernetes/pod-protocol.md). A peer that says a longer one is cut off before a byte of it is read.
/// </summary>
public static class PodFraming
{
    /// <summary>An activation's environment, user data and files (64 + 64 + 512 KiB), with room for their names.</summary>
    public const int MaxMessageBytes = 1 << 20;

    private const int HeaderBytes = 4;

    /// <summary>The next message; null at the end of the stream.</summary>
    /// <param name="stream">What it is read from.</param>
    /// <param name="type">What <typeparamref name="T"/> is.</param>
    /// <param name="cancellationToken">Leaves the stream somewhere within a message.</param>
    /// <exception cref="InvalidDataException">It is too long, has too many fields, is cut off, or not one.</exception>
    public static async Task<T?> ReadAsync<T>(Stream stream, MessageDescriptor type, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(type);
        var header = new byte[HeaderBytes];
        var read = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
        {
            return null;
        }

        if (read < HeaderBytes)
        {
            throw new InvalidDataException("The stream ended within a message's length.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (length > MaxMessageBytes)
        {
            throw new InvalidDataException($"A message of {length} bytes was announced; at most {MaxMessageBytes} are allowed.");
        }

        var body = new byte[length];
        if (await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken) < body.Length)
        {
            throw new InvalidDataException("The stream ended within a message.");
        }

        try
        {
            return (T)KnownFields.Read(type, new ReadOnlySequence<byte>(body));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("A message is not what was expected: " + e.Message, e);
        }
    }

    /// <exception cref="InvalidDataException">It is too long.</exception>
    public static async Task WriteAsync(Stream stream, IMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(message);
        var length = message.CalculateSize();
        if (length > MaxMessageBytes)
        {
            throw new InvalidDataException($"The message has {length} bytes; at most {MaxMessageBytes} are allowed.");
        }

        // In one piece: two small writes would be two wake-ups of the peer.
        var frame = new byte[HeaderBytes + length];
        BinaryPrimitives.WriteInt32BigEndian(frame, length);
        message.WriteTo(frame.AsSpan(HeaderBytes));
        await stream.WriteAsync(frame, cancellationToken);
    }
}
