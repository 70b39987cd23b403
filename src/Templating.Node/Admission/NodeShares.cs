using Templating.Core.Errors;
using Templating.Node.Authorization;
using Templating.Node.Options;

namespace Templating.Node.Admission;

/// <summary>What callers share of the daemon.</summary>
internal sealed class NodeShares(NodeOptions options, long connections)
{
    /// <summary>A request has at most 1 MiB, and most have 1 KiB. Together they must stay small beside the daemon itself.</summary>
    public const long RequestBytesPerCaller = 16 << 20;

    private const long AllRequestBytes = 64 << 20;

    /// <summary>A call that waits costs 20 to 30 KB.</summary>
    private const int CallsAtOnce = 16;

    // Who has not shown a certificate yet is known by its address alone, and for some seconds only.
    private const int HandshakesPerAddress = 32;
    private const int AllHandshakes = 256;
    private const int MetricsConnections = 16;

    public Shares Connections { get; } = new(Math.Min(options.MaxConnectionsPerCaller, connections), connections);

    public Shares Calls { get; } = new(options.MaxCallsPerCaller, (long)options.MaxCallsPerCaller * CallsAtOnce);

    public Shares RequestBytes { get; } = new(RequestBytesPerCaller, AllRequestBytes);

    /// <summary>Of TLS, by address.</summary>
    public Shares Handshakes { get; } = new(HandshakesPerAddress, AllHandshakes * 4 / 3);

    public Shares Metrics { get; } = new(MetricsConnections, MetricsConnections * 4 / 3);

    public static Standing StandingOf(Caller caller) =>
        caller.Tenants.IsAll ? Standing.Trusted : caller.Tenants.IsEmpty ? Standing.Stranger : Standing.Tenant;

    public static string KeyOf(Peer peer) => peer switch
    {
        UnixPeer unix => $"uid {unix.Uid}",
        CertificatePeer certificate => $"certificate {certificate.CommonName} {string.Join(' ', certificate.Uris)}",
        _ => throw new ArgumentOutOfRangeException(nameof(peer), peer, message: null),
    };

    /// <summary>What a caller is told that holds all it may.</summary>
    public static TemplatingException Refusal(Shares shares, Standing standing, string things, string remedy) => new(
        ErrorCode.NodeCapacityExhausted,
        $"The caller has {things} of its own, at most {shares.LimitOf(standing)}, or all callers together have too many. {remedy}")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };
}
