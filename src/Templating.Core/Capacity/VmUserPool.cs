using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Capacity;

/// <summary>
/// Gives every VM a user id of its own, and a group of the same number, so that a guest that breaks out of one QEMU meets the
/// others as a stranger. No file of the host belongs to either: what a VM needs is handed to it open.
/// </summary>
public sealed class VmUserPool(uint firstUid, int count)
{
    private readonly Lock _lock = new();

    /// <summary>By how many: what a daemon before this one left may be wrong, and then two have the same.</summary>
    private readonly Dictionary<uint, int> _taken = [];
    private int _next;

    /// <summary>Ends so many VMs that are nobody's, whose ids come back when they are gone; null where there are none. Must not wait.</summary>
    public Action<int>? GiveWay { private get; set; }

    /// <summary>How many are taken now.</summary>
    internal int Taken
    {
        get
        {
            lock (_lock)
            {
                return _taken.Count;
            }
        }
    }

    /// <exception cref="TemplatingException">NodeCapacityExhausted.</exception>
    public RentedUser Rent()
    {
        if (TryRent(leave: 0) is { } user)
        {
            return user;
        }

        GiveWay?.Invoke(int.MaxValue);
        throw new TemplatingException(
            ErrorCode.NodeCapacityExhausted,
            $"All {count} user ids for VMs are taken. Stop some clones or widen --vm-users-count.");
    }

    /// <summary>For a VM that is nobody's: null where not half of them are free.</summary>
    public RentedUser? TryRentSpare() => TryRent(leave: count / 2);

    private RentedUser? TryRent(int leave)
    {
        lock (_lock)
        {
            if (leave > 0 && _taken.Count + leave >= count)
            {
                return null;
            }

            // Not the lowest free one: an id is reused as late as possible, so that nothing of its last VM can linger.
            for (var i = 0; i < count; i++)
            {
                var uid = firstUid + (uint)((_next + i) % count);
                if (_taken.TryAdd(uid, 1))
                {
                    _next = (_next + i + 1) % count;
                    return new RentedUser(this, new VmUser(uid, uid));
                }
            }

            return null;
        }
    }

    /// <summary>Takes the id of a VM that already runs.</summary>
    public RentedUser Reserve(VmUser user)
    {
        lock (_lock)
        {
            _taken[user.Uid] = _taken.GetValueOrDefault(user.Uid) + 1;
        }

        return new RentedUser(this, user);
    }

    internal void Return(uint uid)
    {
        lock (_lock)
        {
            if (--_taken[uid] == 0)
            {
                _taken.Remove(uid);
            }
        }
    }
}

/// <summary>A user id that is one VM's; given back once, on dispose.</summary>
public sealed class RentedUser(VmUserPool owner, VmUser user) : IDisposable
{
    private int _returned;

    public VmUser User => user;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _returned, 1) == 0)
        {
            owner.Return(user.Uid);
        }
    }
}
