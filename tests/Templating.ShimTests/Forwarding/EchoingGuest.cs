using System.Buffers.Binary;
using System.Collections.Concurrent;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Frames;
using Templating.UnitTests.OwnerPort;

namespace Templating.ShimTests.Forwarding;

/// <summary>A guest in whose pod a program at each port sends back what it gets.</summary>
internal sealed class EchoingGuest : IAsyncDisposable
{
    private const int Chunk = 16_384;
    private const uint Refused = 111, Reset = 104;

    private readonly ScriptedGuest _guest;
    private readonly Task _serving;

    public EchoingGuest()
    {
        (Host, _guest) = ScriptedGuest.Begin();
        _serving = Task.Run(ServeAsync);
    }

    public OwnerPortConnection Host { get; }

    /// <summary>Where nothing listens.</summary>
    public const ushort Closed = 9;

    /// <summary>Whose program breaks off.</summary>
    public const ushort Breaking = 10;

    public ConcurrentQueue<ushort> Asked { get; } = new();

    /// <summary>When one is told to end.</summary>
    public TaskCompletionSource Killed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _guest.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        var ended = new HashSet<uint>();
        try
        {
            while (true)
            {
                var (type, stream, payload) = await _guest.ReadAsync();
                switch (type)
                {
                    case FrameType.Connect:
                        await BeginAsync(stream, BinaryPrimitives.ReadUInt16LittleEndian(payload));
                        break;
                    case FrameType.Input:
                        foreach (var part in payload.Chunk(Chunk))
                        {
                            await _guest.SendAsync(FrameType.Output, stream, part);
                        }

                        break;
                    case FrameType.Credit when !ended.Contains(stream):
                        // As much input is taken as its echo was, so that the echo is never more than one window of input.
                        await _guest.SendAsync(FrameType.Taken, stream, payload);
                        break;
                    case FrameType.InputEnd:
                        ended.Add(stream);
                        await _guest.SendAsync(FrameType.Exit, stream, ScriptedGuest.Exit(0));
                        break;
                    case FrameType.Signal:
                        ended.Add(BinaryPrimitives.ReadUInt32LittleEndian(payload));
                        await _guest.SendAsync(FrameType.Done, stream);
                        await _guest.SendAsync(FrameType.Exit, BinaryPrimitives.ReadUInt32LittleEndian(payload), ScriptedGuest.Exit(Reset));
                        Killed.TrySetResult();
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or TimeoutException)
        {
            // The test is over.
        }
    }

    private async Task BeginAsync(uint stream, ushort port)
    {
        Asked.Enqueue(port);
        if (port == Closed)
        {
            await _guest.SendAsync(FrameType.Error, stream, [.. ScriptedGuest.Number(Refused), .. "no"u8]);
            return;
        }

        await _guest.SendAsync(FrameType.Started, stream, ScriptedGuest.Number(0));
        if (port == Breaking)
        {
            await _guest.SendAsync(FrameType.Exit, stream, ScriptedGuest.Exit(Reset));
        }
    }
}
