using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Frames;

/// <summary>Who waits for the frames of one stream. Called by the one loop that reads, so it must not wait.</summary>
internal interface IFrameTarget
{
    /// <returns>
    /// Null while more frames may come; after the stream's last, what tells whoever waits. That is done when the stream is free: what they
    /// do next may need it to be.
    /// </returns>
    /// <exception cref="OwnerPortException">No guest says that here.</exception>
    Action? Take(Frame frame);

    /// <summary>No more frames come.</summary>
    void Fail(OwnerPortException fault);
}
