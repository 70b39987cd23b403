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
    private readonly HashSet<uint> _taken = [];
    private int _next;

    public uint Gid => gid;

    /// <exception cref="TemplatingException">NodeCapacityExhausted.</exception>
    public VmUser Rent()
    {
        lock (_lock)
        {
            // Not the lowest free one: an id is reused as late as possible, so that nothing of its last VM can linger.
            for (var i = 0; i < count; i++)
            {
                var uid = firstUid + (uint)((_next + i) % count);
                if (_taken.Add(uid))
                {
                    _next = (_next + i + 1) % count;
                    return new VmUser(uid, gid);
                }
            }
        }

        throw new TemplatingException(
            ErrorCode.NodeCapacityExhausted,
            $"All {count} user ids for VMs are taken. Stop some clones or widen --vm-users.");
    }

    /// <summary>Marks the id of a VM that already runs.</summary>
    public void Reserve(uint uid)
    {
        lock (_lock)
        {
            _taken.Add(uid);
        }
    }

    public void Return(uint uid)
    {
        lock (_lock)
        {
            _taken.Remove(uid);
        }
    }
}
