using System.Collections.Concurrent;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Shim.Errors;
using Templating.Shim.Events;
using Templating.Shim.Protocol.Events;
using Templating.Shim.Protocol.Forwarding;
using Templating.Shim.Ttrpc;
using Templating.Testing;

namespace Templating.ShimTests.Events;

public sealed class EventPublisherTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("unix://")]
    public async Task EventsComeInOrderAsContainerdWantsThem(string scheme)
    {
        await using var events = Listen();
        await using var publisher = new EventPublisher(scheme + _folder["e"], "k8s.io", NullLogger.Instance, TimeProvider.System);

        publisher.Publish("/tasks/create", new TaskCreate { ContainerId = "one" });
        publisher.Publish("/tasks/start", new TaskStart { ContainerId = "one", Pid = 3 });
        publisher.Publish("/tasks/exit", new TaskExit { ContainerId = "one", ExitStatus = 4 });
        await publisher.FlushAsync(CancellationToken.None).Soonest();

        events.Seen.Select(e => (e.Topic, e.Namespace, e.Event.TypeUrl)).ShouldBe(
        [
            ("/tasks/create", "k8s.io", "containerd.events.TaskCreate"),
            ("/tasks/start", "k8s.io", "containerd.events.TaskStart"),
            ("/tasks/exit", "k8s.io", "containerd.events.TaskExit"),
        ]);
        events.Seen.ShouldAllBe(e => e.Timestamp.ToDateTimeOffset() > DateTimeOffset.UnixEpoch.AddYears(50));
        TaskExit.Parser.ParseFrom(events.Seen.Last().Event.Value).ExitStatus.ShouldBe(4u);
    }

    [Fact]
    public async Task WhileContainerdIsAwayEventsWaitAndLoseNothingOfTheirOrder()
    {
        await using var publisher = new EventPublisher(_folder["e"], "k8s.io", NullLogger.Instance, TimeProvider.System);
        publisher.Publish("/tasks/start", new TaskStart { ContainerId = "before" });
        var flushed = publisher.FlushAsync(CancellationToken.None);

        await using (var events = Listen())
        {
            await flushed.Soonest();
            events.Seen.ShouldHaveSingleItem();
        }

        for (var i = 0; i < 10; i++)
        {
            publisher.Publish("/tasks/exit", new TaskExit { ContainerId = $"{i}" });
        }

        await using var again = Listen();
        await publisher.FlushAsync(CancellationToken.None).Soonest();
        again.Seen.Select(e => TaskExit.Parser.ParseFrom(e.Event.Value).ContainerId).ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i}"));
    }

    [Fact]
    public async Task OneThatContainerdRefusesAgainAndAgainDoesNotHoldTheOthers()
    {
        await using var events = Listen(refuse: "/tasks/start");
        await using var publisher = new EventPublisher(_folder["e"], "k8s.io", NullLogger.Instance, TimeProvider.System);

        publisher.Publish("/tasks/start", new TaskStart());
        publisher.Publish("/tasks/exit", new TaskExit());
        await publisher.FlushAsync(CancellationToken.None).Soonest();

        events.Seen.Select(e => e.Topic).ShouldBe(["/tasks/exit"]);
    }

    [Fact]
    public async Task ClosingDoesNotWaitForContainerd()
    {
        var publisher = new EventPublisher(_folder["e"], "k8s.io", NullLogger.Instance, TimeProvider.System);
        publisher.Publish("/tasks/exit", new TaskExit());

        await publisher.DisposeAsync().AsTask().Soonest();
    }

    [Fact]
    public async Task AFullQueueDropsTheOldestThatIsNoExit()
    {
        var queue = new EventQueue(3);
        var events = new[] { "/tasks/exit", "/tasks/start", "/tasks/exit", "/tasks/oom", "/tasks/exit", "/tasks/exit" }.Select(t => new Envelope { Topic = t }).ToArray();

        var dropped = events.Select(queue.Add).ToArray();

        // The first three fit; then the start goes, then the oom, and of nothing but exits the oldest.
        dropped.ShouldBe([null, null, null, events[1], events[3], events[0]]);
        dropped.Zip([null, null, null, events[1], events[3], events[0]]).ShouldAllBe(pair => ReferenceEquals(pair.First, pair.Second));
        (await queue.PeekAsync(CancellationToken.None)).ShouldBeSameAs(events[2]);
    }

    [Fact]
    public async Task WhatIsDoneMakesRoomAndAnEmptyQueueSaysSo()
    {
        var queue = new EventQueue(2);
        var first = new Envelope { Topic = "a" };
        var peeking = queue.PeekAsync(CancellationToken.None);
        queue.Add(first);
        (await peeking.Soonest()).ShouldBeSameAs(first);
        var empty = queue.EmptyAsync(CancellationToken.None);
        empty.IsCompleted.ShouldBeFalse();

        queue.Done(first);

        await empty.Soonest();
        queue.Done(first);
        (queue.Add(new Envelope()), queue.Add(new Envelope())).ShouldBe((null, null));
    }

    private ForwardedEvents Listen(string? refuse = null) => new(_folder["e"], refuse);
}

/// <summary>containerd's side of the events.</summary>
internal sealed class ForwardedEvents : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private readonly string _path;

    public ForwardedEvents(string path, string? refuse)
    {
        _path = path;
        var server = new TtrpcServer(NullLogger.Instance, TimeProvider.System);
        server.Register("containerd.services.events.ttrpc.v1.Events", "Forward", ForwardRequest.Parser, (request, _) =>
        {
            if (request.Envelope.Topic == refuse)
            {
                throw new ShimException(StatusCode.InvalidArgument, "no such topic");
            }

            Seen.Enqueue(request.Envelope);
            return Task.FromResult(new Empty());
        });
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(8);
        _serving = server.ServeAsync(listener, _stop.Token);
    }

    public ConcurrentQueue<Envelope> Seen { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _stop.Dispose();
        File.Delete(_path);
    }
}
