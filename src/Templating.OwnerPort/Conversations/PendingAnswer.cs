using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Conversations;

/// <summary>What a DONE says. Throws <see cref="OwnerPortException"/> where it says nothing that a guest says.</summary>
internal delegate T AnswerReader<out T>(ReadOnlySpan<byte> payload);

/// <summary>A request that is answered once.</summary>
internal sealed class PendingAnswer<T>(string request, AnswerReader<T> read) : IFrameTarget
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Answer => _answer.Task;

    public Action? Take(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Done:
                var said = read(frame.Payload.Span);
                return () => _answer.TrySetResult(said);
            case FrameType.Error:
                var refusal = Answers.Refusal(frame, request);
                return () => Fail(refusal);
            default:
                throw Answers.Unexpected(frame, request);
        }
    }

    public void Fail(OwnerPortException fault) => Fail((Exception)new OwnerPortException(fault.Message, fault));

    private void Fail(Exception why)
    {
        _answer.TrySetException(why);
        // Looked at once: the caller may have given up waiting.
        _ = _answer.Task.Exception;
    }
}
