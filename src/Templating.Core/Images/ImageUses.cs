namespace Templating.Core.Images;

/// <summary>How often each tenant's clones hold each image.</summary>
internal sealed class ImageUses
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Digest, string Tenant), int> _uses = [];

    public int Of(string digest, string tenant)
    {
        lock (_lock)
        {
            return _uses.GetValueOrDefault((digest, tenant));
        }
    }

    /// <returns>Takes it back.</returns>
    public Action Add(string digest, string tenant)
    {
        lock (_lock)
        {
            _uses[(digest, tenant)] = _uses.GetValueOrDefault((digest, tenant)) + 1;
        }

        return () => Remove((digest, tenant));
    }

    private void Remove((string Digest, string Tenant) use)
    {
        lock (_lock)
        {
            if (--_uses[use] == 0)
            {
                _uses.Remove(use);
            }
        }
    }
}
