namespace Templating.Core.Images;

/// <summary>An image that stays while somebody uses it.</summary>
public sealed class ImageLease(string digest, string path, long bytes, Action release) : IDisposable
{
    private int _released;

    public string Digest => digest;

    public string Path => path;

    public long Bytes => bytes;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            release();
        }
    }
}
