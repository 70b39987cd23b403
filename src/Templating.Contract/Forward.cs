namespace Templating.Contract;

/// <summary>A TCP port of a guest and where it is reached.</summary>
/// <param name="GuestPort">In the guest.</param>
/// <param name="HostPort">Of the host or the pod; 0 for any free one, where that is allowed.</param>
/// <param name="HostAddress">An IPv4 address.</param>
public readonly record struct Forward(int GuestPort, int HostPort, string HostAddress = Forward.AllAddresses)
{
    /// <summary>Where a pod's ports are open.</summary>
    public const string AllAddresses = "0.0.0.0";
}

/// <summary>What the fields of a forward are called: the wire API and Kubernetes resources have words of their own.</summary>
public sealed record ForwardFields(string GuestPort, string HostPort, string HostAddress)
{
    public static ForwardFields Wire { get; } = new("guest_port", "host_port", "host_address");

    public static ForwardFields Resource { get; } = new("guestPort", "port", "");
}
