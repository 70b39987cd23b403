using System.Net;
using Microsoft.AspNetCore.Connections;
using Templating.Node.Authorization;

namespace Templating.Node.Admission;

/// <summary>
/// Lets connections in within their caller's share, and waits only so long for their first bytes. A few of those that are not
/// let in are told so by their first call; the others are closed, for a flood is not to be answered.
/// </summary>
internal sealed class ConnectionGate(NodeShares shares, PolicySource policy, TimeProvider time, ILogger<ConnectionGate> logger)
{
    private const int ToldAtOnce = 8;

    /// <summary>RFC 9113 section 3.4: with fewer bytes nobody has asked for anything.</summary>
    private const int PrefaceBytes = 24;

    /// <summary>For the connection's preface, and for a refused caller to make its call.</summary>
    private static readonly TimeSpan FirstBytes = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ToldFor = TimeSpan.FromSeconds(2);

    private readonly LimitLog _log = new(time);
    private int _told;

    /// <summary>Warns where the limit of open files is too low.</summary>
    public void TellRoom(ConnectionRoom room, int maxVms)
    {
        if (!room.IsEnough)
        {
            Log.FewDescriptors(logger, room.Descriptors, maxVms, room.Connections);
        }
    }

    /// <summary>Of a peer that is known.</summary>
    public async Task ServeAsync(ConnectionContext connection, Peer peer, ConnectionDelegate next)
    {
        connection.Features.Set(peer);
        var (key, standing) = (NodeShares.KeyOf(peer), NodeShares.StandingOf(policy.Identify(peer)));
        using var place = Share.TryTake(shares.Connections, key, standing);
        if (place is null)
        {
            if (_log.IsDue())
            {
                Log.NoConnectionLeft(logger, key, shares.Connections.LimitOf(standing));
            }

            await TellAsync(connection, standing, next);
        }
        else if (await HasPrefaceAsync(connection))
        {
            await next(connection);
        }
    }

    /// <summary>Of a peer that is to prove itself yet.</summary>
    /// <param name="connection">By its address.</param>
    /// <param name="next">The handshake, and then <see cref="ServeAsync"/>, before which <see cref="EndHandshake"/>.</param>
    public async Task ShakeHandsAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var place = Share.TryTake(shares.Handshakes, AddressOf(connection), Standing.Tenant);
        if (place is null)
        {
            if (_log.IsDue())
            {
                Log.NoConnectionLeft(logger, AddressOf(connection), shares.Handshakes.LimitOf(Standing.Tenant));
            }

            return;
        }

        connection.Features.Set(place);
        await next(connection);
    }

    public static void EndHandshake(ConnectionContext connection) => connection.Features.Get<Share>()?.Dispose();

    /// <summary>Of somebody who asks for metrics.</summary>
    public async Task ServeMetricsAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var place = Share.TryTake(shares.Metrics, "metrics", Standing.Tenant);
        if (place is not null)
        {
            await next(connection);
        }
    }

    private static string AddressOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "";

    private async Task TellAsync(ConnectionContext connection, Standing standing, ConnectionDelegate next)
    {
        if (Interlocked.Increment(ref _told) <= ToldAtOnce)
        {
            using var end = new CancellationTokenSource(ToldFor, time);
            await using var abort = end.Token.Register(() => connection.Abort());
            connection.Features.Set(new ConnectionRefusal(NodeShares.Refusal(
                shares.Connections, standing, "connections", "Close some, or carry several calls over one.")));
            await next(connection);
        }

        Interlocked.Decrement(ref _told);
    }

    private async Task<bool> HasPrefaceAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var limit = new CancellationTokenSource(FirstBytes, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(either.Token);
                if (read.Buffer.Length >= PrefaceBytes)
                {
                    // Not all of it counts as looked at, or the server would wait for more before it looks.
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.GetPosition(PrefaceBytes - 1));
                    return true;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted)
                {
                    return false;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            return false;
        }
    }
}
