using System.Buffers.Binary;
using System.Net.Sockets;
using Google.Protobuf;
using Templating.Contract;
using Templating.V1;

namespace Templating.AttackTests.Pods;

/// <summary>A stand-in for the process of a VM pod: whoever connects to its socket is told things for ever.</summary>
internal sealed class HostilePod : IAsyncDisposable
{
    /// <summary>Messages that differ; making them must not be what takes the time.</summary>
    private const int Different = 4;

    private readonly Socket _listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _over = new();
    private readonly Task _serving;

    /// <param name="volume">Where its volume is mounted.</param>
    /// <param name="says">The number of a message to the message.</param>
    public HostilePod(string volume, Func<int, byte[]> says)
    {
        _listening.Bind(new UnixDomainSocketEndPoint(VolumeLayout.SocketPath(volume)));
        _listening.Listen();
        var messages = Enumerable.Range(0, Different).Select(says).ToArray();
        _serving = Task.Run(() => ServeAsync(messages));
    }

    /// <summary>A status, and after it a megabyte of fields that nobody knows.</summary>
    public static byte[] UnknownFields(int number)
    {
        // Field 1000 of PodResponse, of 900 KiB.
        using var bytes = new MemoryStream();
        bytes.Write(new PodResponse { Status = new PodStatus { State = PodState.Waiting, Id = $"vm-{number}" } }.ToByteArray());
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[900 << 10]));
        }

        return Frame(bytes.ToArray());
    }

    /// <summary>The same within the status, which is what the daemon keeps.</summary>
    public static byte[] UnknownFieldsWithin(int number)
    {
        using var status = new MemoryStream();
        status.Write(new PodStatus { State = PodState.Waiting, Id = $"vm-{number}" }.ToByteArray());
        using (var output = new CodedOutputStream(status, leaveOpen: true))
        {
            output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[900 << 10]));
        }

        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(PodResponse.StatusFieldNumber, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(status.ToArray()));
        }

        return Frame(bytes.ToArray());
    }

    public static byte[] GiantStrings(int number) => Frame(new PodResponse
    {
        Status = new PodStatus
        {
            State = PodState.Waiting,
            Id = new string((char)('a' + number % 26), 200 << 10),
            RequestId = new string('b', 200 << 10),
            StateReason = new string('c', 200 << 10),
            Identity = new Identity { Hostname = new string('d', 200 << 10) },
        },
    }.ToByteArray());

    public static byte[] ManyPhases(int number)
    {
        var status = new PodStatus { State = PodState.Activating, Id = $"vm-{number}" };
        status.Phases.AddRange(Enumerable.Range(0, 50_000).Select(i => new Phase { Name = "p" }));
        return Frame(new PodResponse { Status = status }.ToByteArray());
    }

    public static byte[] EndlessChanges(int number) =>
        Frame(new PodResponse { Status = new PodStatus { State = number % 2 == 0 ? PodState.Waiting : PodState.Activating, Id = $"vm-{number}" } }.ToByteArray());

    /// <summary>Messages of no byte: all that they cost is their number.</summary>
    public static byte[] EmptyMessages(int number) => new byte[64 << 10];

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listening.Dispose();
        await _serving;
        _over.Dispose();
    }

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[4 + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)message.Length);
        message.CopyTo(frame, 4);
        return frame;
    }

    private async Task ServeAsync(byte[][] messages)
    {
        var talks = new List<Task>();
        try
        {
            while (true)
            {
                talks.Add(TalkAsync(await _listening.AcceptAsync(_over.Token), messages));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(talks);
        }
    }

    private async Task TalkAsync(Socket socket, byte[][] messages)
    {
        using var _ = socket;
        try
        {
            for (var number = 0; ; number++)
            {
                for (ReadOnlyMemory<byte> rest = messages[number % Different]; !rest.IsEmpty;)
                {
                    rest = rest[await socket.SendAsync(rest, _over.Token)..];
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The daemon hung up, as it may, or it is over.
        }
    }
}
