using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Node.Mapping;

/// <summary>Reads what makes a VM pod a clone of its own.</summary>
internal static class ActivationReader
{
    /// <param name="wire">What the caller sent.</param>
    /// <param name="prefix">Of the fields' names, where it is part of a request.</param>
    /// <exception cref="Core.Errors.TemplatingException">InvalidArgument, with every fault.</exception>
    public static Activation Read(V1.Activation wire, string prefix = "")
    {
        var faults = new Faults();
        faults.Require(wire.RequestId.Length > 0, $"{prefix}request_id", "It is empty; give a UUID, so that a retry is known as one.");
        var activation = Read(wire, faults, prefix) with { RequestId = FieldReader.RequestId(wire.RequestId, faults) };
        faults.ThrowIfAny();
        return activation;
    }

    /// <summary>Without a request id: a pod that activates itself has none.</summary>
    public static Activation Read(V1.Activation wire, Faults faults, string prefix = "")
    {
        faults.RequireLabel($"{prefix}id", wire.Id);
        faults.AddRange(HostnameRules.Check($"{prefix}hostname", wire.Hostname));
        faults.AddRange(UserDataRules.Check($"{prefix}user_data", wire.UserData.Length));
        var inputs = new IdentityInputs
        {
            Hostname = wire.Hostname.Length == 0 ? null : wire.Hostname,
            Environment = FieldReader.Environment($"{prefix}environment", wire.Environment, faults),
            UserData = wire.UserData.Memory,
            Files = FieldReader.Files($"{prefix}files", wire.Files, faults),
            IdentityTimeout = FieldReader.IdentityTimeout($"{prefix}identity_timeout", wire.IdentityTimeout, faults),
        };
        return new Activation(wire.Id, inputs, Forwards($"{prefix}forwards", wire.Forwards, faults));
    }

    /// <summary>On all of the pod's addresses, whatever else is asked: that is what a pod's port is.</summary>
    public static IReadOnlyList<PortForward> Forwards(string field, IReadOnlyCollection<V1.PortForward> wire, Faults faults)
    {
        foreach (var (index, forward) in wire.Index())
        {
            faults.Require(
                forward.HostAddress is "" or Forward.AllAddresses, $"{field}[{index}].host_address",
                $"{Quote.Text(forward.HostAddress)} is not empty: a pod's port is open on all its addresses.");
        }

        var forwards = wire.Select(forward => new PortForward(forward.GuestPort, forward.HostPort, Forward.AllAddresses)).ToList();
        faults.AddRange(NetworkRules.Check(field, forwards, ForwardRules.LeastUnprivileged));
        return forwards;
    }
}
