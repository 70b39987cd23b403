using System.Net.Sockets;
using System.Security.Cryptography;
using Templating.AttackTests.Harness;
using Xunit.Abstractions;

namespace Templating.AttackTests.Clients;

/// <summary>Connections, in numbers, that say nothing or nonsense.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class ConnectionAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(4);

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    [Theory]
    [InlineData(BesiegedNode.Stranger)]
    [InlineData(BesiegedNode.HostileUser)]
    public Task HalfOpenConnectionsTakeNothingFromOthers(uint user) => new Siege(node, output).WithstandAsync(
        $"half-open connections of {user}", cancellationToken => HoldAsync(user, 8000, [], cancellationToken), Limit);

    [Fact]
    public Task ConnectionsThatStopInTheMiddleOfAFrameTakeNothingFromOthers() => new Siege(node, output).WithstandAsync(
        // A HEADERS frame of 16 KiB is announced, and 9 bytes of it come.
        "half frames", cancellationToken => HoldAsync(
            BesiegedNode.Stranger, 4000, [.. Preface, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0x40, 0, 1, 4, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9], cancellationToken), Limit);

    [Fact]
    public Task ConnectionsThatTalkNonsenseLeaveNothing() => new Siege(node, output).WithstandAsync("broken frames", async cancellationToken =>
    {
        var nonsense = new byte[4096];
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Hold)
        {
            RandomNumberGenerator.Fill(nonsense);
            using var socket = (await LocalUser.ConnectAsync(node.Socket, BesiegedNode.Stranger))[0];
            Say(socket, [.. RandomNumberGenerator.GetInt32(2) == 0 ? Preface : [], .. nonsense]);
        }
    }, Limit);

    /// <summary>The daemon's own files, its VMs' and others' connections must still have theirs.</summary>
    [Fact]
    public async Task CallersThatTakeEveryDescriptorTakeNothingFromOthers()
    {
        var figures = await new Siege(node, output).WithstandAsync(
            "no descriptors", cancellationToken => HoldAsync(BesiegedNode.Stranger, 2000, [], cancellationToken), Limit, descriptors: 500);

        figures.Processors.ShouldBeLessThan(1, "it waits, and does not spin");
    }

    private async Task HoldAsync(uint user, int count, byte[] first, CancellationToken cancellationToken)
    {
        var sockets = await LocalUser.ConnectAsync(node.Socket, user, count);
        output.WriteLine($"{sockets.Count} of {count} connections");
        try
        {
            foreach (var socket in first.Length > 0 ? sockets : [])
            {
                Say(socket, first);
            }

            await Task.Delay(Hold, TimeProvider.System, cancellationToken);
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket.Dispose();
            }
        }
    }

    private static void Say(Socket socket, byte[] bytes)
    {
        try
        {
            socket.Send(bytes);
        }
        catch (SocketException)
        {
            // The daemon hung up, as it may.
        }
    }
}
