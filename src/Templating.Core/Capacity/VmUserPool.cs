using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Capacity;

/// <summary>
/// Gives every VM a user id of its own, so that a guest that breaks out of one QEMU meets the others as a stranger.
/// All share one group, by which they reach the store.
/// </summary>
public sealed class VmUserPool(uint firstUid, int count, uint gid)
{
    private readonly Lock _lock = new();

    /// <summary>By how many: what a daemon before this one left may be wrong, and then two have the same.</summary>
    private readonly Dictionary<uint, int> _taken = [];
    private int _next;

    public uint Gid => gid;

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
        lock (_lock)
        {
            // Not the lowest free one: an id is reused as late as possible, so that nothing of its last VM can linger.
            for (var i = 0; i < count; i++)
            {
                var uid = firstUid + (uint)((_next + i) % count);
                if (_taken.TryAdd(uid, 1))
                {
                    _next = (_next + i + 1) % count;
                    return new RentedUser(this, new VmUser(uid, gid));
                }
            }
        }

        throw new TemplatingException(
            ErrorCode.NodeCapacityExhausted,
            $"All {count} user ids for VMs are taken. Stop some clones or widen --vm-users.");
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
