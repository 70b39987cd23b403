using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Requests;

namespace Templating.Core.Vms;

/// <summary>Makes a VM that was restored one of its own.</summary>
/// <param name="Id">Who it is.</param>
/// <param name="Inputs">What its caller said of it.</param>
/// <param name="Forwards">Ports that lead to it beside those it has.</param>
public sealed record Activation(string Id, IdentityInputs Inputs, IReadOnlyList<PortForward> Forwards)
{
    /// <summary>By which a retry is known as one; null where there is none.</summary>
    public Guid? RequestId { get; init; }

    /// <summary>Tells one activation from another under the same request id.</summary>
    public string Digest()
    {
        using var digest = new RequestDigest();
        return Inputs.AddTo(digest).Add(Id).Add(string.Join(' ', Forwards)).Finish();
    }

    /// <exception cref="TemplatingException">InvalidArgument: a port of the host leads to the guest already.</exception>
    internal void RequireFreePorts(NetworkSpec network)
    {
        var taken = network.Forwards.Select(f => f.HostPort).ToHashSet();
        var faults = Forwards.Index().Where(f => !taken.Add(f.Item.HostPort)).Select(f => new FieldViolation(
            $"forwards[{f.Index}].host_port", $"{f.Item.HostPort} leads to the guest already.")).ToList();
        if (faults.Count > 0)
        {
            throw new TemplatingException(faults);
        }
    }
}
