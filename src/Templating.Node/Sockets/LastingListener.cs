using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Templating.Core.Linux;

namespace Templating.Node.Sockets;

/// <summary>
/// Listens on a Unix socket, and listens anew when its file is gone: a clean-up of /run, or a hand that slipped, would leave a
/// daemon that runs and that nobody can speak to. Connections that stand go on. Something else in its place is not touched.
/// </summary>
internal sealed partial class LastingListener : IConnectionListener
{
    /// <summary>A look is one system call.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly Func<ValueTask<IConnectionListener>> _bind;
    private readonly ILogger _logger;
    private readonly List<IConnectionListener> _before = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly PeriodicTimer _timer;
    private readonly Task _watching;
    private volatile IConnectionListener _current;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="path">Of the socket.</param>
    /// <param name="first">Listens there already.</param>
    /// <param name="bind">Makes the next one.</param>
    /// <param name="time">For the looks.</param>
    /// <param name="logger">Told when it came back, or cannot.</param>
    public LastingListener(
        string path, IConnectionListener first, Func<ValueTask<IConnectionListener>> bind, TimeProvider time, ILogger<LastingListener> logger)
    {
        (_path, _current, _bind, _logger) = (path, first, bind, logger);
        _timer = new PeriodicTimer(Interval, time);
        _watching = WatchAsync();
    }

    public EndPoint EndPoint => _current.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var (current, changed) = (_current, Volatile.Read(ref _changed).Task);
            if (await current.AcceptAsync(cancellationToken) is { } connection)
            {
                return connection;
            }

            if (_stopping.IsCancellationRequested)
            {
                return null;
            }

            if (current == _current)
            {
                await changed.WaitAsync(cancellationToken);
            }
        }
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync();
        await _current.UnbindAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        // Not before: connections that stand use what belongs to the listener that accepted them.
        foreach (var listener in _before.Append(_current))
        {
            await listener.DisposeAsync();
        }

        _timer.Dispose();
        _stopping.Dispose();
    }

    private async Task StopAsync()
    {
        if (!_stopping.IsCancellationRequested)
        {
            await _stopping.CancelAsync();
        }

        await _watching;
        _changed.TrySetResult();
    }

    private async Task WatchAsync()
    {
        var told = false;
        try
        {
            while (await _timer.WaitForNextTickAsync(_stopping.Token))
            {
                if (FileStamp.TryRead(_path) is null)
                {
                    told = await TryReturnAsync(told);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    /// <returns>Whether it was told that it cannot come back.</returns>
    private async Task<bool> TryReturnAsync(bool told)
    {
        try
        {
            // First: a socket of .NET removes the file of its path when it is let go, whoever's that is by then.
            await _current.UnbindAsync(_stopping.Token);
            FileSystem.MakeMissingFolder(Path.GetDirectoryName(_path)!);
            var next = await _bind();
            _before.Add(_current);
            _current = next;
            Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            Returned(_logger, _path);
            return false;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            if (!told)
            {
                CannotReturn(_logger, _path, e.Message);
            }

            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The socket {Path} was gone; the daemon listens there again")]
    private static partial void Returned(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The socket {Path} is gone and cannot be made again; it is tried every second: {Problem}")]
    private static partial void CannotReturn(ILogger logger, string path, string problem);
}
