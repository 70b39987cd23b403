namespace Templating.Core.Downloads;

/// <summary>A fetched file in use; it stays until this is disposed.</summary>
public sealed class Download : IDisposable
{
    private Action? _release;

    internal Download(string path, Action release) => (Path, _release) = (path, release);

    public string Path { get; }

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
