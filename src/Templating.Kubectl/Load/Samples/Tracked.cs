using Templating.Kubectl.Load.Recipes;

namespace Templating.Kubectl.Load.Samples;

/// <summary>One object while it is followed: by the task that makes and deletes it, and by the watch that sees it.</summary>
/// <param name="stage">Of the recipe, from 0.</param>
internal sealed class Tracked(string @namespace, string name, Subject subject, int stage)
{
    private readonly Lock _lock = new();
    private readonly TimeSpan?[] _times = new TimeSpan?[Enum.GetValues<Moment>().Length];

    // Not inline: the watch's next event must not wait for what is done then.
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Observation _last = new();
    private string? _failure;

    public string Namespace => @namespace;

    public string Name => name;

    public Subject Subject => subject;

    /// <summary>Ends when it is ready, or is known never to be.</summary>
    public Task Settled => _ready.Task;

    public Task Gone => _gone.Task;

    public string? Ip
    {
        get
        {
            lock (_lock)
            {
                return _last.Ip;
            }
        }
    }

    /// <summary>What it waited for when it was seen last.</summary>
    public string? Hint
    {
        get
        {
            lock (_lock)
            {
                return _last.Hint;
            }
        }
    }

    public bool HasFailed
    {
        get
        {
            lock (_lock)
            {
                return _failure is not null;
            }
        }
    }

    /// <summary>It was there for a watch.</summary>
    public bool WasSeen { get; private set; }

    /// <summary>The first time counts.</summary>
    public void Mark(Moment moment, TimeSpan at)
    {
        lock (_lock)
        {
            _times[(int)moment] ??= at;
        }
    }

    public bool Has(Moment moment)
    {
        lock (_lock)
        {
            return _times[(int)moment] is not null;
        }
    }

    /// <summary>It will not become usable. What already is stays so, and the first reason counts.</summary>
    public void Fail(string reason)
    {
        lock (_lock)
        {
            if (_times[(int)Moment.Usable] is null)
            {
                _failure ??= reason;
            }
        }

        _ready.TrySetResult();
    }

    public void See(Observation seen, TimeSpan at)
    {
        lock (_lock)
        {
            WasSeen = true;
            // Its end may be told with less than it had said before.
            _last = seen with { Start = seen.Start ?? _last.Start, Node = seen.Node ?? _last.Node, Ip = seen.Ip ?? _last.Ip };
            MarkIf(seen.IsPlaced, Moment.Placed, at);
            MarkIf(seen.IsStarted, Moment.Started, at);
            MarkIf(seen.IsReady, Moment.Ready, at);
        }

        if (seen.End is { } end)
        {
            Fail($"ended: {end}");
        }
        else if (seen.IsReady)
        {
            _ready.TrySetResult();
        }
    }

    public void SeeGone(TimeSpan at)
    {
        Mark(Moment.Gone, at);
        if (!Has(Moment.Deleted))
        {
            Fail("deleted by somebody else");
        }

        _gone.TrySetResult();
    }

    public Sample ToSample()
    {
        lock (_lock)
        {
            return new Sample
            {
                Namespace = @namespace,
                Name = name,
                Subject = subject.Name,
                Stage = stage,
                Start = _last.Start,
                Node = _last.Node,
                Failure = _failure,
                Offered = At(Moment.Offered),
                Created = At(Moment.Created),
                Accepted = At(Moment.Accepted),
                Placed = At(Moment.Placed),
                Started = At(Moment.Started),
                Ready = At(Moment.Ready),
                Usable = At(Moment.Usable),
                Deleted = At(Moment.Deleted),
                Gone = At(Moment.Gone),
            };
        }
    }

    private void MarkIf(bool holds, Moment moment, TimeSpan at)
    {
        if (holds)
        {
            _times[(int)moment] ??= at;
        }
    }

    private double? At(Moment moment) => _times[(int)moment] is { } time ? Math.Round(time.TotalSeconds, 6) : null;
}
