using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Frames;

/// <summary>What a stream's owner needs of the conversation.</summary>
internal interface IFrameSender
{
    /// <summary>Waits for its turn, and has the frame sent.</summary>
    /// <param name="frame">Whole. Not to be changed before it is sent.</param>
    /// <param name="cancellationToken">Cancelled before its turn: nothing is sent. Afterwards all of it is.</param>
    /// <returns>When it was that frame's turn: its sending, which never fails. Who wants to know how the conversation fares asks that.</returns>
    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    Task<Task> BeginSendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);

    /// <summary>Sends a request and waits until it is done.</summary>
    Task AskAsync(FrameBuilder request, string what, CancellationToken cancellationToken);
}
