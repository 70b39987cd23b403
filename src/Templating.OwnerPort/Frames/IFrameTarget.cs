using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Frames;

/// <summary>Who waits for the frames of one stream. Called by the one loop that reads, so it must not wait.</summary>
internal interface IFrameTarget
{
    /// <returns>Whether that was the stream's last frame.</returns>
    /// <exception cref="OwnerPortException">No guest says that here.</exception>
    bool Take(Frame frame);

    /// <summary>No more frames come.</summary>
    void Fail(OwnerPortException fault);
}
