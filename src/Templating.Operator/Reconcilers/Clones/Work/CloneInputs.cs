using Google.Protobuf;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>What a guest is given, with values from Secrets: never logged, never in a status or Event.</summary>
internal sealed record CloneInputs(
    IReadOnlyCollection<KeyValuePair<string, string>> Environment,
    ByteString UserData,
    IReadOnlyList<GuestFile> Files)
{
    /// <summary>A record prints its properties.</summary>
    public override string ToString() => nameof(CloneInputs);
}
