using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubernetes.Calls;
using Templating.Operator.Cluster;
using Templating.Operator.Queues;
using Templating.Testing;

namespace Templating.OperatorTests.Queues;

public sealed class WorkQueueTests
{
    private readonly FakeTimeProvider _time = new();
    private int _depth;

    private WorkQueue New(Func<ObjectKey, bool>? goesFirst = null, int mostOthers = int.MaxValue) =>
        new(new Backoff(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60)), change => _depth += change, _time, goesFirst, mostOthers);

    private static async Task<List<string>> TakenAsync(WorkQueue queue, int count)
    {
        var names = new List<string>();
        for (var i = 0; i < count; i++)
        {
            names.Add((await queue.TakeAsync(CancellationToken.None)).Key.Name);
        }

        return names;
    }

    [Fact]
    public async Task AKeyWaitsOnceHoweverOftenItIsAdded()
    {
        await using var queue = New();
        queue.Add(Key("a"));
        queue.Add(Key("a"));
        queue.Add(Key("b"));

        _depth.ShouldBe(2);
        (await queue.TakeAsync(CancellationToken.None)).Key.ShouldBe(Key("a"));
        (await queue.TakeAsync(CancellationToken.None)).Key.ShouldBe(Key("b"));
        _depth.ShouldBe(0);
    }

    [Fact]
    public async Task WhatGoesFirstOvertakesTheOthersAndKeepsItsOrder()
    {
        await using var queue = New(key => key.Name.StartsWith("first", StringComparison.Ordinal));
        string[] added = ["a", "first-1", "b", "first-2", "c"];
        foreach (var name in added)
        {
            queue.Add(Key(name));
        }

        (await TakenAsync(queue, added.Length)).ShouldBe(["first-1", "first-2", "a", "b", "c"]);
    }

    [Fact]
    public async Task OthersGetTheirTurnHoweverManyGoFirst()
    {
        await using var queue = New(key => key.Name.StartsWith("first", StringComparison.Ordinal));
        queue.Add(Key("other"));
        for (var i = 0; i < Lines.HeadStart + 10; i++)
        {
            queue.Add(Key($"first-{i}"));
        }

        (await TakenAsync(queue, Lines.HeadStart + 1))[^1].ShouldBe("other");
    }

    [Fact]
    public async Task HoweverManyOthersThereAreWorkersAreLeftForWhatGoesFirst()
    {
        await using var queue = New(key => key.Name.StartsWith("first", StringComparison.Ordinal), mostOthers: 2);
        foreach (var name in new[] { "a", "b", "c" })
        {
            queue.Add(Key(name));
        }

        (await TakenAsync(queue, 2)).ShouldBe(["a", "b"]);
        var free = queue.TakeAsync(CancellationToken.None);
        free.IsCompleted.ShouldBeFalse("two others are worked on");
        queue.Add(Key("first"));
        (await free.WaitAsync(Eventually.Limit)).Key.Name.ShouldBe("first");

        var next = queue.TakeAsync(CancellationToken.None);
        queue.Done(Key("first"));
        next.IsCompleted.ShouldBeFalse("that made no room for others");
        queue.Done(Key("a"));
        (await next.WaitAsync(Eventually.Limit)).Key.Name.ShouldBe("c");
    }

    [Fact]
    public async Task WhatComesToGoFirstWhileItWaitsOvertakesTheOthersToo()
    {
        var ready = new HashSet<string>(StringComparer.Ordinal);
        await using var queue = New(key => ready.Contains(key.Name), mostOthers: 1);
        foreach (var name in new[] { "a", "b", "c" })
        {
            queue.Add(Key(name));
        }

        ready.Add("c");
        queue.Add(Key("c"));

        _depth.ShouldBe(3);
        (await TakenAsync(queue, 2)).ShouldBe(["c", "a"]);
        // That changed while it waited, and nobody added it again: it is no longer one of the others, and takes none of their places.
        queue.Done(Key("a"));
        ready.Add("b");
        (await TakenAsync(queue, 1)).ShouldBe(["b"]);
        queue.Add(Key("d"));
        (await TakenAsync(queue, 1)).ShouldBe(["d"]);
        _depth.ShouldBe(0);
    }

    [Fact]
    public async Task WhoNoLongerWaitsForAKeyTakesNone()
    {
        await using var queue = New();
        using var gone = new CancellationTokenSource();
        var first = queue.TakeAsync(gone.Token);
        var second = queue.TakeAsync(CancellationToken.None);
        await gone.CancelAsync();

        queue.Add(Key("a"));

        await Should.ThrowAsync<OperationCanceledException>(first);
        (await second.WaitAsync(Eventually.Limit)).Key.Name.ShouldBe("a");
    }

    [Fact]
    public async Task WhatChangesWhileItIsWorkedOnComesAgainAfterwards()
    {
        await using var queue = New();
        queue.Add(Key("a"));
        await queue.TakeAsync(CancellationToken.None);
        queue.Add(Key("a"));
        var next = queue.TakeAsync(CancellationToken.None);
        next.IsCompleted.ShouldBeFalse("nobody else may have it now");

        queue.Done(Key("a"));

        (await next.WaitAsync(Eventually.Limit)).Key.ShouldBe(Key("a"));
    }

    [Fact]
    public async Task TheSoonestOfSeveralDelaysCounts()
    {
        await using var queue = New();
        queue.AddAfter(Key("a"), TimeSpan.FromMinutes(5));
        queue.AddAfter(Key("a"), TimeSpan.FromSeconds(5));
        queue.AddAfter(Key("a"), TimeSpan.FromMinutes(1));
        _depth.ShouldBe(0);

        _time.Advance(TimeSpan.FromSeconds(6));
        _depth.ShouldBe(1);
        queue.Done((await queue.TakeAsync(CancellationToken.None)).Key);

        _time.Advance(TimeSpan.FromMinutes(10));
        _depth.ShouldBe(0, "the later alarms were overtaken");
    }

    [Fact]
    public async Task EachFailureInARowWaitsLongerUpToAMinute()
    {
        await using var queue = New();
        queue.Retry(Key("a")).ShouldBe(1);
        for (var failures = 2; failures < 40; failures++)
        {
            _time.Advance(TimeSpan.FromMinutes(2));
            queue.Done((await queue.TakeAsync(CancellationToken.None)).Key);
            queue.Retry(Key("a")).ShouldBe(failures);
        }

        _time.Advance(TimeSpan.FromSeconds(29));
        _depth.ShouldBe(0);
        _time.Advance(TimeSpan.FromSeconds(32));
        _depth.ShouldBe(1);

        queue.Forget(Key("a"));
        queue.Retry(Key("a")).ShouldBe(1);
    }

    [Fact]
    public void ABackoffStaysBetweenHalfAndAllOfItsStep()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60));
        Gen.Int[1, 1000].Sample(failures =>
        {
            var full = Math.Min(10 * Math.Pow(2, Math.Min(failures - 1, 30)), 60_000);
            var delay = backoff.Delay(failures).TotalMilliseconds;
            return delay >= full * 0.499 && delay <= full * 1.001;
        });
    }

    /// <summary>Any order of what may happen: no key is ever given to two workers, and none that was added is forgotten.</summary>
    [Fact]
    public Task NoKeyIsLostAndNoneIsWorkedOnTwiceAtOnce() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 4]).Array[1, 200].SampleAsync(async steps =>
        {
            _depth = 0;
            var time = new FakeTimeProvider();
            await using var queue = new WorkQueue(new Backoff(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60)), change => _depth += change, time);
            var working = new HashSet<ObjectKey>();
            var owed = new HashSet<ObjectKey>();
            foreach (var (what, which) in steps)
            {
                var key = Key(which.ToString(System.Globalization.CultureInfo.InvariantCulture));
                if (what == 0)
                {
                    queue.Add(key);
                    owed.Add(key);
                }
                else if (what == 1)
                {
                    queue.AddAfter(key, TimeSpan.FromSeconds(which));
                    owed.Add(key);
                }
                else if (what == 2 && _depth > 0)
                {
                    var taken = (await queue.TakeAsync(CancellationToken.None)).Key;
                    working.Add(taken).ShouldBeTrue();
                    owed.Remove(taken);
                }
                else if (working.FirstOrDefault() is { Name: not null } done)
                {
                    working.Remove(done);
                    queue.Done(done);
                }
            }

            foreach (var done in working.ToList())
            {
                queue.Done(done);
            }

            time.Advance(TimeSpan.FromHours(1));
            while (_depth > 0)
            {
                var taken = (await queue.TakeAsync(CancellationToken.None)).Key;
                owed.Remove(taken);
                queue.Done(taken);
            }

            return owed.Count == 0;
        }, threads: 1);

    private static ObjectKey Key(string name) => new("space", name);
}
