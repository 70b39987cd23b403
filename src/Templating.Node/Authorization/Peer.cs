namespace Templating.Node.Authorization;

/// <summary>Who is at the other end of a connection, as the kernel or TLS proved it.</summary>
internal abstract record Peer;

/// <summary>A process on this machine, as it was when it connected (SO_PEERCRED, unix(7)).</summary>
/// <param name="Pid">Process id; for logs only, because it may be another process by now.</param>
/// <param name="Uid">Effective user id.</param>
/// <param name="Gid">Effective group id. Supplementary groups are not told.</param>
internal sealed record UnixPeer(int Pid, uint Uid, uint Gid) : Peer
{
    public override string ToString() => $"uid {Uid} (gid {Gid}, pid {Pid})";
}

/// <summary>The holder of a client certificate that one of our authorities issued.</summary>
/// <param name="CommonName">Of its subject; null when there is none.</param>
/// <param name="Uris">URIs among its subject alternative names.</param>
internal sealed record CertificatePeer(string? CommonName, IReadOnlyList<string> Uris) : Peer
{
    public override string ToString() => $"certificate of '{CommonName ?? string.Join(", ", Uris)}'";
}
