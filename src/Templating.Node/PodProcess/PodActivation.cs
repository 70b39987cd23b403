using Templating.Core.Machines;
using Templating.Core.Requests;
using Templating.Core.Vms;

namespace Templating.Node.PodProcess;

/// <summary>What makes a waiting VM a clone of its own.</summary>
internal sealed record PodActivation : IdentityInputs
{
    /// <summary>Null where the pod activates itself.</summary>
    public Guid? RequestId { get; init; }

    public required string Id { get; init; }

    /// <summary>Beside those the pod has.</summary>
    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    public Activation ToActivation() => new(Id, this, Forwards) { RequestId = RequestId };

    /// <summary>Tells one activation from another under the same request id.</summary>
    public string Digest()
    {
        using var digest = new RequestDigest();
        return AddTo(digest).Add(Id).Add(string.Join(' ', Forwards)).Finish();
    }
}
