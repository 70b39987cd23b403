using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;
using Templating.Shim.Errors;

namespace Templating.Shim.Stdio;

/// <summary>A named pipe of containerd's, opened and used without holding a thread.</summary>
internal sealed class Fifo : IDisposable
{
    private const string Scheme = "fifo://";

    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle? _writer;
    private readonly string _path;

    private Fifo(string path, int flags, bool keepWriter)
    {
        _path = path;
        _file = FileSystem.Open(path, flags);
        try
        {
            var stamp = FileStamp.Read(_file, path);
            if (!stamp.IsPipe)
            {
                throw ShimException.Invalid($"{path} is {stamp.Kind}; a named pipe is expected, as containerd makes for each stream.");
            }

            // After the reader: without one, it would not open.
            _writer = keepWriter ? FileSystem.Open(path, LibC.OpenWriteOnly) : null;
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opened for reading, too: so it opens while nobody reads, and when its reader goes away and comes back (containerd starts
    /// again) what was written is still there.
    /// </summary>
    public static Fifo? OpenOutput(string uri, string stream) => Open(uri, stream, LibC.OpenReadWrite, keepWriter: false);

    /// <summary>With a writer of its own, so that it has no end before <see cref="EndInput"/>, whoever comes and goes.</summary>
    public static Fifo? OpenInput(string uri, string stream) => Open(uri, stream, LibC.OpenReadOnly, keepWriter: true);

    /// <summary>From now on it ends with its last writer, after all that is in it.</summary>
    public void EndInput() => _writer?.Dispose();

    /// <returns>0 at its end.</returns>
    public async Task<int> ReadAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Before the first read: one that nobody has opened yet for writing reads like one that has ended.
            await Readiness.Shared.WaitAsync(_file, toWrite: false, cancellationToken);
            if (PipeCalls.TryRead(_file, buffer, _path) is { } got)
            {
                return got;
            }
        }
    }

    /// <summary>All of it; waits while the pipe is full.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            if (PipeCalls.TryWrite(_file, bytes.Span, _path) is { } written)
            {
                bytes = bytes[written..];
            }
            else
            {
                await Readiness.Shared.WaitAsync(_file, toWrite: true, cancellationToken);
            }
        }
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _file.Dispose();
    }

    private static Fifo? Open(string uri, string stream, int flags, bool keepWriter)
    {
        var path = uri.StartsWith(Scheme, StringComparison.Ordinal) ? uri[Scheme.Length..] : uri;
        if (path.Length == 0)
        {
            return null;
        }

        if (!path.StartsWith('/'))
        {
            throw ShimException.Invalid($"{stream} is '{uri}'; the path of a named pipe is expected. Logs to a file or a program (file://, binary://) are not supported: use containerd's own, which is what Kubernetes does.");
        }

        try
        {
            return new Fifo(path, flags, keepWriter);
        }
        catch (IOException e)
        {
            throw ShimException.Invalid($"{stream}: {e.Message}");
        }
    }
}
