using Templating.Contract;
using Templating.Core.Diagnostics;

namespace Templating.Core.Clones;

/// <summary>When one clone ends by itself, and who uses it. All by a clock that nobody sets; the wall clock is asked once, when an end is set.</summary>
/// <param name="boot">The steady clock that counts, the same for the daemons of one boot.</param>
/// <param name="wall">What people's times are read by.</param>
internal sealed class CloneLifetime(TimeProvider boot, TimeProvider wall)
{
    private readonly Lock _lock = new();
    private LifetimeRecord? _end;
    private DateTimeOffset? _expireAt;
    private TimeSpan? _idleLimit;
    private TimeSpan _used = boot.Steady();
    private int _users;
    private LifetimeLimit? _over;

    private TimeSpan Now => boot.Steady();

    /// <summary>What ended it; null while nothing has.</summary>
    public LifetimeLimit? Over
    {
        get
        {
            lock (_lock)
            {
                return _over;
            }
        }
    }

    public LifetimeRecord? Record
    {
        get
        {
            lock (_lock)
            {
                return _end;
            }
        }
    }

    /// <summary>As a daemon before this one left it; nobody is known to have used it since.</summary>
    public void Adopt(CloneRecord record)
    {
        lock (_lock)
        {
            (_end, _expireAt, _idleLimit) = (record.Lifetime, record.View.ExpireAt, record.View.IdleLimit);
        }
    }

    /// <returns>False where its end has begun: then nothing is changed.</returns>
    public bool TryChange(Lifetime change)
    {
        lock (_lock)
        {
            if (_over is not null)
            {
                return false;
            }

            var now = wall.GetUtcNow();
            if (change.Ttl is { } ttl)
            {
                SetEnd(ttl, now + ttl, LifetimeLimit.Ttl);
            }
            else if (change.ExpireAt is { } at)
            {
                SetEnd(at - now, at, LifetimeLimit.ExpireTime);
            }
            else if (change.NoExpiry)
            {
                (_end, _expireAt) = (null, null);
            }

            _idleLimit = change.NoIdleLimit ? null : change.IdleLimit ?? _idleLimit;
            return true;
        }
    }

    /// <summary>The view with what is to be told of it.</summary>
    public CloneView Show(CloneView view)
    {
        lock (_lock)
        {
            return view with { ExpireAt = _expireAt, IdleLimit = _idleLimit };
        }
    }

    /// <summary>It is used this moment.</summary>
    public void Touch()
    {
        lock (_lock)
        {
            _used = Now;
        }
    }

    /// <summary>It is used until what is returned is disposed.</summary>
    public IDisposable Use()
    {
        lock (_lock)
        {
            _users++;
        }

        return new CloneUse(this);
    }

    /// <summary>Whether it is to end now. Says so once, and from then on it stays so.</summary>
    public LifetimeLimit? TryEnd()
    {
        lock (_lock)
        {
            var now = Now;
            if (_over is not null)
            {
                return null;
            }

            _over = _end is { } end && now >= end.EndsAt ? end.Limit
                : _users == 0 && _idleLimit is { } limit && now - _used >= limit ? LifetimeLimit.IdleLimit
                : null;
            return _over;
        }
    }

    private void SetEnd(TimeSpan after, DateTimeOffset at, LifetimeLimit limit) =>
        (_end, _expireAt) = (new LifetimeRecord { EndsAt = Now + after, Limit = limit }, at);

    private sealed class CloneUse(CloneLifetime lifetime) : IDisposable
    {
        private bool _isOver;

        public void Dispose()
        {
            lock (lifetime._lock)
            {
                if (!_isOver)
                {
                    _isOver = true;
                    lifetime._users--;
                    lifetime._used = lifetime.Now;
                }
            }
        }
    }
}
