namespace Templating.OwnerPort.Frames;

/// <param name="Type">One of the guest's.</param>
/// <param name="Stream">0 for the conversation itself.</param>
/// <param name="Payload">Good until the next frame is read.</param>
internal readonly record struct Frame(FrameType Type, uint Stream, ReadOnlyMemory<byte> Payload);
