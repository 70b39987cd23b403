using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>A block device as the guest's kernel has it: what a container's node of it has to say.</summary>
/// <param name="Major">As mknod takes it.</param>
/// <param name="Minor">As mknod takes it.</param>
/// <param name="Bytes">Its size, as the guest tells it.</param>
public sealed record DeviceNumbers(uint Major, uint Minor, ulong Bytes)
{
    internal static DeviceNumbers Read(ReadOnlySpan<byte> payload)
    {
        var fields = new FieldReader(FrameType.Done, payload);
        var found = new DeviceNumbers(fields.U32(), fields.U32(), fields.U64());
        fields.End();
        return found;
    }
}
