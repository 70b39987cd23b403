using Templating.Kubectl.Load.Recipes;

namespace Templating.Kubectl.Load.Samples;

/// <summary>One object while it is followed: by the task that makes and deletes it, and by the watch that sees it.</summary>
/// <param name="stage">Of the recipe, from 0.</param>
internal sealed class Tracked(string @namespace, string name, Subject subject, int stage)
{
    private const string Deletion = "deleted by somebody else";

    private readonly Lock _lock = new();
    private readonly TimeSpan?[] _times = new TimeSpan?[Enum.GetValues<Moment>().Length];

    // Not inline: the watch's next event must not wait for what is done then.
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Observation _last = new();
    private string? _failure;
    private string? _end;

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
            // What has failed stays so, whatever it answered at the same moment.
            MarkIf(moment != Moment.Usable || _failure is null, moment, at);
        }
    }

    public bool Has(Moment moment)
    {
        lock (_lock)
        {
            return _times[(int)moment] is not null;
        }
    }

    /// <summary>Null where it did not come.</summary>
    public TimeSpan? TimeOf(Moment moment)
    {
        lock (_lock)
        {
            return _times[(int)moment];
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
            if (!seen.IsReady || seen.End is not null)
            {
                EndIfUsable(at, seen.End ?? _end ?? seen.Hint ?? "NotReady");
            }
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
            lock (_lock)
            {
                EndIfUsable(at, _last.End ?? Deletion);
            }

            Fail(Deletion);
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
                Ended = At(Moment.Ended),
                EndReason = _end,
                Deleted = At(Moment.Deleted),
                Gone = At(Moment.Gone),
            };
        }
    }

    /// <summary>That it ended by itself, or by somebody else. Its end may be told after that it is not ready, and then is the better reason.</summary>
    private void EndIfUsable(TimeSpan at, string reason)
    {
        if (_times[(int)Moment.Usable] is not null && _times[(int)Moment.Deleted] is null)
        {
            MarkIf(holds: true, Moment.Ended, at);
            _end = reason;
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
