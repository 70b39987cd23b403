using System.Security.Cryptography;
using System.Text;

namespace Templating.Core.Requests;

/// <summary>
/// Tells one request from another under the same request id. Each value goes in with its length before it, so that no two
/// lists of values give the same bytes.
/// </summary>
internal sealed class RequestDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public RequestDigest Add(ReadOnlySpan<byte> bytes)
    {
        Add(bytes.Length);
        _hash.AppendData(bytes);
        return this;
    }

    public RequestDigest Add(int number)
    {
        _hash.AppendData(BitConverter.GetBytes(number));
        return this;
    }

    public RequestDigest Add(string? text) => text is null ? Add(-1) : Add(Encoding.UTF8.GetBytes(text));

    public RequestDigest Add(IReadOnlyDictionary<string, string> pairs)
    {
        Add(pairs.Count);
        foreach (var (key, value) in pairs.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            Add(key).Add(value);
        }

        return this;
    }

    /// <summary>64 hex digits. Once.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
