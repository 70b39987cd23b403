using Templating.Contract;
using Templating.Core.Machines;
using Templating.Core.Pods;

namespace Templating.Node.Mapping;

/// <summary>Reads what makes a VM pod a clone of its own.</summary>
internal static class ActivationReader
{
    /// <summary>Below it are the ports a process without privileges may not take.</summary>
    public const int LeastPort = 1024;

    private const int MaxForwards = 32;

    /// <param name="wire">What the caller sent.</param>
    /// <param name="prefix">Of the fields' names, where it is part of a request.</param>
    /// <exception cref="Core.Errors.TemplatingException">InvalidArgument, with every fault.</exception>
    public static PodActivation Read(V1.Activation wire, string prefix = "")
    {
        var faults = new Faults();
        faults.Require(wire.RequestId.Length > 0, $"{prefix}request_id", "It is empty; give a UUID, so that a retry is known as one.");
        var activation = Read(wire, faults, prefix) with { RequestId = FieldReader.RequestId(wire.RequestId, faults) };
        faults.ThrowIfAny();
        return activation;
    }

    /// <summary>Without a request id: a pod that activates itself has none.</summary>
    public static PodActivation Read(V1.Activation wire, Faults faults, string prefix = "")
    {
        faults.RequireLabel($"{prefix}id", wire.Id);
        faults.AddRange(GuestInputs.CheckHostname($"{prefix}hostname", wire.Hostname));
        faults.AddRange(GuestInputs.CheckUserData($"{prefix}user_data", wire.UserData.Length));
        return new PodActivation
        {
            Id = wire.Id,
            Hostname = wire.Hostname.Length == 0 ? null : wire.Hostname,
            Environment = FieldReader.Environment($"{prefix}environment", wire.Environment, faults),
            UserData = wire.UserData.Memory,
            Files = FieldReader.Files($"{prefix}files", wire.Files, faults),
            Forwards = Forwards($"{prefix}forwards", wire.Forwards, faults),
            IdentityTimeout = FieldReader.Duration(
                $"{prefix}identity_timeout", wire.IdentityTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), faults)
                ?? TimeSpan.FromSeconds(30),
        };
    }

    /// <summary>On all of the pod's addresses, whatever else is asked: that is what a pod's port is.</summary>
    public static IReadOnlyList<PortForward> Forwards(string field, IReadOnlyCollection<V1.PortForward> wire, Faults faults)
    {
        const string AllAddresses = "0.0.0.0";
        faults.Require(wire.Count <= MaxForwards, field, $"It has {wire.Count} entries; at most {MaxForwards} are allowed.");
        var forwards = new List<PortForward>();
        foreach (var (index, forward) in wire.Index())
        {
            var path = $"{field}[{index}]";
            faults.Require(forward.GuestPort is >= 1 and <= 65535, $"{path}.guest_port", $"{forward.GuestPort} is not between 1 and 65535.");
            faults.Require(forward.HostPort is >= LeastPort and <= 65535, $"{path}.host_port", $"{forward.HostPort} is not between {LeastPort} and 65535.");
            faults.Require(
                forward.HostAddress is "" or AllAddresses, $"{path}.host_address", $"{Quote.Text(forward.HostAddress)} is not empty: a pod's port is open on all its addresses.");
            faults.Require(forwards.All(f => f.HostPort != forward.HostPort), $"{path}.host_port", $"{forward.HostPort} is given by an entry before it.");
            forwards.Add(new PortForward(forward.GuestPort, forward.HostPort, AllAddresses));
        }

        return forwards;
    }
}
