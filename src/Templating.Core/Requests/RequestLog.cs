using System.Runtime.CompilerServices;
using Templating.Core.Errors;

namespace Templating.Core.Requests;

/// <summary>
/// Makes retries safe: a request id leads to the first result as long as that exists (AIP-155). A request that failed
/// is forgotten, so that its retry is a new try; so is one whose result is gone, whoever took it away.
/// </summary>
/// <param name="isThere">Whether a result still exists. Asked under a lock: it must not wait.</param>
internal sealed class RequestLog<T>(Func<T, bool> isThere)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Tenant, Guid Id), Entry> _entries = [];

    /// <summary>Runs <paramref name="create"/>, or returns what it returned (or is about to) under the same id.</summary>
    /// <param name="digest">Of the request; another one under the same id is refused.</param>
    public async Task<T> RunAsync(
        string tenant, Guid? id, string digest, Func<CancellationToken, Task<T>> create, CancellationToken cancellationToken)
    {
        if (id is not { } requestId)
        {
            return await create(cancellationToken);
        }

        while (true)
        {
            var key = (tenant, requestId);
            TaskCompletionSource<T>? mine = null;
            Entry? entry;
            lock (_lock)
            {
                if (!_entries.TryGetValue(key, out entry) || IsGone(entry))
                {
                    mine = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
                    _entries[key] = entry = new Entry(digest, mine.Task);
                }
            }

            if (mine is not null)
            {
                return await FirstAsync(key, entry, mine, create, cancellationToken);
            }

            if (!string.Equals(entry.Digest, digest, StringComparison.Ordinal))
            {
                throw new TemplatingException(
                    ErrorCode.RequestIdReused,
                    $"Request id {requestId} was used before for another request. Use a new id for a new request.");
            }

            try
            {
                return await entry.Result.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The first caller went away and took its try with it. This caller still waits: it makes a new one.
            }
        }
    }

    /// <summary>Enters a result that a daemon before this one gave.</summary>
    public void Remember(string tenant, Guid id, string digest, T result)
    {
        lock (_lock)
        {
            _entries[(tenant, id)] = new Entry(digest, Task.FromResult(result)) { Value = new StrongBox<T>(result) };
        }
    }

    /// <summary>Forgets requests whose results are gone: what nobody asks for again would be kept for ever.</summary>
    public void ForgetGone()
    {
        lock (_lock)
        {
            foreach (var (key, _) in _entries.Where(e => IsGone(e.Value)).ToArray())
            {
                _entries.Remove(key);
            }
        }
    }

    private bool IsGone(Entry entry) => entry.Value is { } value && !isThere(value.Value!);

    /// <summary>Another request may have begun under the same id, after this one's result was forgotten.</summary>
    private void ForgetOwn((string Tenant, Guid Id) key, Task<T> result)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry) && entry.Result == result)
            {
                _entries.Remove(key);
            }
        }
    }

    private async Task<T> FirstAsync(
        (string Tenant, Guid Id) key, Entry entry, TaskCompletionSource<T> mine, Func<CancellationToken, Task<T>> create,
        CancellationToken cancellationToken)
    {
        try
        {
            var result = await create(cancellationToken);
            entry.Value = new StrongBox<T>(result);
            mine.SetResult(result);
            return result;
        }
        catch (Exception e)
        {
            ForgetOwn(key, mine.Task);
            if (e is OperationCanceledException)
            {
                mine.SetCanceled(CancellationToken.None);
            }
            else
            {
                mine.SetException(e);
                _ = mine.Task.Exception; // observed: there may be no second caller
            }

            throw;
        }
    }

    private sealed class Entry(string digest, Task<T> result)
    {
        private volatile StrongBox<T>? _value;

        public string Digest => digest;

        public Task<T> Result => result;

        /// <summary>Null while it is under way.</summary>
        public StrongBox<T>? Value
        {
            get => _value;
            set => _value = value;
        }
    }
}
