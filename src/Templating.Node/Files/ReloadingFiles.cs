using System.Security.Cryptography;
using Templating.Core.Errors;

namespace Templating.Node.Files;

/// <summary>
/// A value made of files, made anew when their bytes change. Bytes are compared, not times: a Kubernetes secret
/// changes by a symlink two folders away, and a certificate may be replaced within a clock tick. Files that cannot be
/// read or make no value leave the last good one in force.
/// </summary>
internal sealed class ReloadingFiles<T>
    where T : class
{
    // A policy or a chain of certificates is a few KiB; what is larger is not one.
    private const int MaxBytes = 1 << 20;

    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<byte[]>, T> _make;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _failed;
    private readonly Lock _lock = new();
    private T _current;
    private long _lookedAt;
    private byte[] _digest;
    private string? _fault;

    /// <param name="paths">Read together, in this order.</param>
    /// <param name="make">Throws what <see cref="IsExpected"/> knows when the bytes make no value.</param>
    /// <param name="interval">Looked at no more often than this.</param>
    /// <param name="time">For the interval.</param>
    /// <param name="failed">Told once for each new fault.</param>
    /// <exception cref="TemplatingException">InvalidArgument: there is no first good value.</exception>
    public ReloadingFiles(
        IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> make, TimeSpan interval, TimeProvider time, Action<Exception> failed)
    {
        (_paths, _make, _interval, _time, _failed) = (paths, make, interval, time, failed);
        _lookedAt = time.GetTimestamp();
        try
        {
            var contents = Read();
            _digest = Digest(contents);
            _current = make(contents);
        }
        catch (Exception e) when (IsExpected(e))
        {
            throw new TemplatingException(ErrorCode.InvalidArgument, $"{string.Join(", ", paths.Select(path => $"'{path}'"))} cannot be used: {e.Message}", e);
        }
    }

    public T Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_lookedAt) >= _interval)
                {
                    _lookedAt = _time.GetTimestamp();
                    Refresh();
                }

                return _current;
            }
        }
    }

    /// <summary>Looks now, whenever it did last.</summary>
    /// <returns>False where the files make no value, which has been told.</returns>
    public bool Reload()
    {
        lock (_lock)
        {
            // Somebody asks for it: the fault is told again where it is still there.
            _fault = null;
            _lookedAt = _time.GetTimestamp();
            Refresh();
            return _fault is null;
        }
    }

    private static bool IsExpected(Exception e) =>
        e is IOException or UnauthorizedAccessException or CryptographicException or FormatException or ArgumentException;

    private static byte[] Digest(List<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var bytes in contents)
        {
            hash.AppendData(SHA256.HashData(bytes));
        }

        return hash.GetHashAndReset();
    }

    private void Refresh()
    {
        try
        {
            var contents = Read();
            var digest = Digest(contents);
            if (!digest.AsSpan().SequenceEqual(_digest))
            {
                _current = _make(contents);
                _digest = digest;
            }

            _fault = null;
        }
        catch (Exception e) when (IsExpected(e))
        {
            if (!string.Equals(_fault, e.Message, StringComparison.Ordinal))
            {
                _fault = e.Message;
                _failed(e);
            }
        }
    }

    private List<byte[]> Read() => [.. _paths.Select(ReadOne)];

    private static byte[] ReadOne(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        if (stream.Length > MaxBytes)
        {
            throw new FormatException($"'{path}' has {stream.Length} bytes; at most {MaxBytes} are read.");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
