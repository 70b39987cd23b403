using Templating.Api.Client;

namespace Templating.Operator.Nodes;

/// <summary>
/// A connection that calls under way keep open after its owner let go of it: new certificates must not cancel a build of
/// minutes.
/// </summary>
internal sealed class SharedClient(TemplatingClient client) : IDisposable
{
    private readonly Lock _lock = new();
    private int _users;
    private bool _isReleased;

    public TemplatingClient Client => client;

    /// <returns>False when it was let go of already.</returns>
    public bool TryUse()
    {
        lock (_lock)
        {
            if (_isReleased)
            {
                return false;
            }

            _users++;
            return true;
        }
    }

    public void EndUse()
    {
        bool isLast;
        lock (_lock)
        {
            isLast = --_users == 0 && _isReleased;
        }

        if (isLast)
        {
            client.Dispose();
        }
    }

    /// <summary>Its owner needs it no more.</summary>
    public void Dispose()
    {
        bool isUnused;
        lock (_lock)
        {
            isUnused = !_isReleased && _users == 0;
            _isReleased = true;
        }

        if (isUnused)
        {
            client.Dispose();
        }
    }
}
