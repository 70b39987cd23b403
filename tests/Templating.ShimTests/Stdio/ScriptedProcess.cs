using System.Buffers.Binary;
using System.Threading.Channels;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.Testing;

namespace Templating.ShimTests.Stdio;

/// <summary>A process of a guest that a test speaks for.</summary>
internal sealed class ScriptedProcess : IFrameSender
{
    public const int Window = 262_144;
    public const int Chunk = 16_384;

    private readonly Channel<(FrameType Type, byte[] Payload)> _sent = Channel.CreateUnbounded<(FrameType, byte[])>();

    public ScriptedProcess(bool input = true, bool terminal = false)
    {
        var start = new ProcessStart("one", new byte[1]) { Input = input, Terminal = terminal ? new WindowSize(24, 80) : null };
        Process = new GuestProcess(this, "the process", start.Input, start.Terminal is not null, Window, 65_536) { Stream = 1 };
        Take(FrameType.Started, Number(7));
    }

    public GuestProcess Process { get; }

    /// <summary>What the host sent next.</summary>
    public async Task<(FrameType Type, byte[] Payload)> SentAsync() => await _sent.Reader.ReadAsync().AsTask().Soonest();

    public void Write(byte[] bytes, FrameType type = FrameType.Output)
    {
        foreach (var chunk in bytes.Chunk(Chunk))
        {
            Take(type, chunk);
        }
    }

    public void TookInput(int bytes) => Take(FrameType.Taken, Number((uint)bytes));

    public void Exit(uint code = 0) => Take(FrameType.Exit, [.. Number(code), .. Number(0), 0]);

    public void LoseConnection() => ((IFrameTarget)Process).Fail(new OwnerPortException("the port closed"));

    public Task<Task> BeginSendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        _sent.Writer.TryWrite(((FrameType)frame.Span[0], frame[PortLimits.Header..].ToArray()));
        return Task.FromResult(Task.CompletedTask);
    }

    /// <summary>What is asked is done at once.</summary>
    public async Task AskAsync(FrameBuilder request, string what, CancellationToken cancellationToken) =>
        await await BeginSendAsync(request.Build(1), cancellationToken);

    private static byte[] Number(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private void Take(FrameType type, byte[] payload) => ((IFrameTarget)Process).Take(new Frame(type, 1, payload))?.Invoke();
}
