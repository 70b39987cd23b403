using Templating.Core.Machines;

namespace Templating.Core.Blanks;

/// <summary>Which VMs wait, and which shapes are in use. Every step is whole: two that want the last one get one.</summary>
internal sealed class BlankShelf(BlankOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<Blank> _waiting = [];
    private readonly Dictionary<BlankShape, long> _used = [];
    private bool _closed;

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Notes that a shape is in use.</summary>
    public void Use(BlankShape shape)
    {
        lock (_lock)
        {
            _used[shape] = time.GetTimestamp();
        }
    }

    /// <summary>Takes one that lives; those of the shape that do not are put into <paramref name="dead"/>.</summary>
    public Blank? Take(BlankShape shape, List<Blank> dead)
    {
        lock (_lock)
        {
            while (_waiting.Find(blank => blank.Shape == shape) is { } found)
            {
                _waiting.Remove(found);
                if (found.IsUsable)
                {
                    return found;
                }

                dead.Add(found);
            }

            return null;
        }
    }

    /// <summary>False where no more are kept.</summary>
    public bool TryAdd(Blank blank)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _waiting.Add(blank);
            }

            return !_closed;
        }
    }

    /// <summary>False where it is not there any more: somebody has it.</summary>
    public bool Remove(Blank blank)
    {
        lock (_lock)
        {
            return _waiting.Remove(blank);
        }
    }

    /// <summary>Takes out so many, those that waited longest first.</summary>
    public IReadOnlyList<Blank> Yield(int count)
    {
        lock (_lock)
        {
            var given = _waiting.Take(count).ToList();
            _waiting.RemoveRange(0, given.Count);
            return given;
        }
    }

    /// <summary>Takes out all, for good.</summary>
    public IReadOnlyList<Blank> Close()
    {
        lock (_lock)
        {
            _closed = true;
            return Yield(_waiting.Count);
        }
    }

    /// <summary>Takes out those that nobody wants any more: their shape is not in use, or they are dead or of another QEMU.</summary>
    public IReadOnlyList<Blank> TakeUnwanted()
    {
        lock (_lock)
        {
            foreach (var shape in _used.Where(use => time.GetElapsedTime(use.Value) > options.IdleLimit).Select(use => use.Key).ToList())
            {
                _used.Remove(shape);
            }

            var unwanted = _waiting.FindAll(blank => !_used.ContainsKey(blank.Shape) || !blank.IsUsable);
            _waiting.RemoveAll(unwanted.Contains);
            return unwanted;
        }
    }

    /// <summary>
    /// The shape that lacks one, of those in use lately the one used last, and where there is no room for it, what has to go: one of a shape that
    /// was used before it. Null where nothing is to be done.
    /// </summary>
    public (BlankShape Shape, Blank? Instead)? FindLack(Func<BlankShape, bool> isPossible)
    {
        lock (_lock)
        {
            var lacking = _used.Where(use => isPossible(use.Key) && _waiting.Count(blank => blank.Shape == use.Key) < options.Count)
                .OrderByDescending(use => use.Value).Select(use => (BlankShape?)use.Key).FirstOrDefault();
            if (_closed || lacking is null)
            {
                return null;
            }

            if (_waiting.Count < options.Most)
            {
                return (lacking, null);
            }

            var oldest = _waiting.MinBy(blank => _used.GetValueOrDefault(blank.Shape));
            if (oldest is null || _used.GetValueOrDefault(oldest.Shape) >= _used[lacking])
            {
                return null;
            }

            _waiting.Remove(oldest);
            return (lacking, oldest);
        }
    }
}
