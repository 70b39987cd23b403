using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Shim.Host;

/// <summary>
/// Lines for containerd's own log, through the bundle's pipe "log", in the form that logrus gives them. It never waits and never fails: a line
/// for which there is no room is lost.
/// </summary>
internal sealed class ShimLog : IDisposable
{
    /// <summary>PIPE_BUF: so much is written whole or not at all.</summary>
    private const int MaxLine = 4096;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly bool _debug;
    private SafeFileHandle? _pipe;

    private ShimLog(SafeFileHandle? pipe, TimeProvider time, bool debug) => (_pipe, _time, _debug) = (pipe, time, debug);

    /// <summary>
    /// Opened for reading, too: then the pipe outlives a restart of containerd, which finds what was said meanwhile (64 KiB at most), and
    /// opening it waits for nobody.
    /// </summary>
    public static ShimLog Open(string bundle, TimeProvider time, bool debug)
    {
        try
        {
            return new ShimLog(FileSystem.Open(Path.Combine(bundle, "log"), LibC.OpenReadWrite), time, debug);
        }
        catch (IOException)
        {
            // Started by hand, or the bundle is gone.
            return new ShimLog(null, time, debug);
        }
    }

    public void Debug(string message)
    {
        if (_debug)
        {
            Write("debug", message);
        }
    }

    public void Info(string message) => Write("info", message);

    public void Warning(string message) => Write("warning", message);

    public void Error(string message) => Write("error", message);

    public void Dispose()
    {
        lock (_lock)
        {
            _pipe?.Dispose();
            _pipe = null;
        }
    }

    internal static byte[] Format(DateTimeOffset time, string level, string message)
    {
        var line = new StringBuilder("time=\"", message.Length + 64)
            .Append(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture))
            .Append("\" level=").Append(level).Append(" msg=\"");
        foreach (var c in message.AsSpan(0, Math.Min(message.Length, MaxLine)))
        {
            _ = c switch
            {
                '"' or '\\' => line.Append('\\').Append(c),
                '\n' => line.Append("\\n"),
                _ => line.Append(char.IsControl(c) ? '?' : c),
            };
        }

        const string End = "\" runtime=io.containerd.templating.v2\n";
        var bytes = Encoding.UTF8.GetBytes(line.ToString());
        return [.. bytes.AsSpan(0, Math.Min(bytes.Length, MaxLine - End.Length)), .. Encoding.UTF8.GetBytes(End)];
    }

    private void Write(string level, string message)
    {
        var line = Format(_time.GetUtcNow(), level, message);
        lock (_lock)
        {
            try
            {
                if (_pipe is not null)
                {
                    _ = PipeCalls.TryWrite(_pipe, line, "log");
                }
            }
            catch (IOException)
            {
                // Nobody reads.
                return;
            }
        }
    }
}
