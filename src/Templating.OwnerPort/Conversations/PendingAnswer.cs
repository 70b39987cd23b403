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

    public bool Take(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Done:
                _answer.TrySetResult(read(frame.Payload.Span));
                return true;
            case FrameType.Error:
                _answer.TrySetException(Answers.Refusal(frame, request));
                _ = _answer.Task.Exception;
                return true;
            default:
                throw Answers.Unexpected(frame, request);
        }
    }

    public void Fail(OwnerPortException fault)
    {
        _answer.TrySetException(new OwnerPortException(fault.Message, fault));
        // Looked at once: the caller may have given up waiting.
        _ = _answer.Task.Exception;
    }
}
