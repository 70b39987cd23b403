using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Templating.Shim.Events;

/// <summary>An Any as containerd reads it: by the message's bare name, without the prefix that <see cref="Any.Pack(IMessage)"/> gives it.</summary>
internal static class BareAny
{
    public static Any Of(IMessage message) => new() { TypeUrl = message.Descriptor.FullName, Value = message.ToByteString() };
}
