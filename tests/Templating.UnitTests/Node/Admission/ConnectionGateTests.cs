using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.Node.Admission;
using Templating.Node.Authorization;
using Templating.Node.Options;
using Templating.Testing;

namespace Templating.UnitTests.Node.Admission;

public sealed class ConnectionGateTests
{
    private const int Limit = 8;

    private readonly FakeTimeProvider _time = new();
    private readonly ConnectionGate _gate;
    private readonly UnixPeer _stranger = new(1, 65_000, 65_000);

    public ConnectionGateTests()
    {
        var options = new NodeOptions { MaxConnectionsPerCaller = Limit };
        var policy = new PolicySource(Microsoft.Extensions.Options.Options.Create(options), _time, NullLogger<PolicySource>.Instance);
        _gate = new ConnectionGate(new NodeShares(options, connections: 1000), policy, _time, NullLogger<ConnectionGate>.Instance);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    public async Task AConnectionThatBeginsNothingIsClosed(int bytes)
    {
        var (connection, peer) = Connect();
        await peer.WriteAsync(new byte[bytes]);
        var serving = _gate.ServeAsync(connection, _stranger, _ => throw new InvalidOperationException("It has no preface."));
        _time.Advance(TimeSpan.FromSeconds(9));
        serving.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));

        await serving.Soonest();
    }

    [Fact]
    public async Task TheServerGetsAllBytesOfOneThatBegins()
    {
        var (connection, peer) = Connect();
        var served = new TaskCompletionSource<long>();
        var serving = _gate.ServeAsync(connection, _stranger, async c => served.SetResult((await c.Transport.Input.ReadAsync()).Buffer.Length));
        await peer.WriteAsync(new byte[10]);
        await peer.WriteAsync(new byte[14]);

        (await served.Task.Soonest()).ShouldBe(24);
        await serving.Soonest();
    }

    [Fact]
    public async Task AFewBeyondTheLimitAreToldAndTheOthersClosedUnserved()
    {
        var over = new TaskCompletionSource();
        var (told, served) = (0, 0);
        var all = Enumerable.Range(0, 30).Select(async _ =>
        {
            var (connection, peer) = Connect();
            await peer.WriteAsync(new byte[24]);
            await _gate.ServeAsync(connection, _stranger, c =>
            {
                if (c.Features.Get<ConnectionRefusal>() is { } refusal)
                {
                    refusal.Reason.Message.ShouldContain("at most 1,");
                    Interlocked.Increment(ref told);
                }
                else
                {
                    Interlocked.Increment(ref served);
                }

                return over.Task;
            });
        }).ToArray();

        await Eventually.UntilAsync(() => all.Count(task => task.IsCompleted) == 30 - 8 - 1, "those that are neither served nor told are closed");
        (served, told).ShouldBe((1, 8));
        over.SetResult();
        await Task.WhenAll(all).Soonest();
        var (after, preface) = Connect();
        await preface.WriteAsync(new byte[24]);
        await _gate.ServeAsync(after, _stranger, c =>
        {
            c.Features.Get<ConnectionRefusal>().ShouldBeNull();
            return Task.CompletedTask;
        }).Soonest();
    }

    private static (DefaultConnectionContext Connection, PipeWriter Peer) Connect()
    {
        var (input, output) = (new Pipe(), new Pipe());
        var connection = new DefaultConnectionContext("1") { Transport = new Duplex(input.Reader, output.Writer) };
        return (connection, input.Writer);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
