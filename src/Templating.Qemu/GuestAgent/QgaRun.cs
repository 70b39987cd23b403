using System.Security.Cryptography;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// One program and its output. What the agent itself captures it tells at the end, all at once and 16 MiB at most (QEMU,
/// qga/commands.c), so the output goes to two files in the guest's memory and is read while they grow, in pieces of which none
/// costs the host more than a line. The agent answers one question at a time: between two pieces others have their turn.
/// </summary>
internal sealed class QgaRun : IAsyncDisposable
{
    private const string Folder = "/run/templating/exec";

    /// <summary>A program that has ended by then needs no look at what it has printed so far.</summary>
    private static readonly TimeSpan LookAfter = TimeSpan.FromMilliseconds(40);

    /// <summary>For killing it and removing its files after the caller has gone.</summary>
    private static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(2);

    private readonly QgaClient _agent;
    private readonly TimeProvider _time;
    private readonly string _path = $"{Folder}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
    private readonly QgaInput _input;
    private readonly QgaFile _output;
    private readonly QgaFile _error;
    private CancellationTokenSource? _timer;
    private TimeSpan _wait = QgaProcess.FirstPoll;
    private QgaResult? _result;
    private bool _timedOut;
    private long _pid;

    public QgaRun(QgaClient agent, TimeProvider time)
    {
        (_agent, _time) = (agent, time);
        _input = new QgaInput(agent, _path + ".in", time);
        (_output, _error) = (new QgaFile(agent, _path + ".out"), new QgaFile(agent, _path + ".err"));
    }

    public async Task StartAsync(
        Func<string, IReadOnlyList<string>> arguments, IAsyncEnumerable<ReadOnlyMemory<byte>>? input, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var inline = await _input.CollectAsync(input, cancellationToken);
        _pid = await QgaProcess.StartAsync(_agent, arguments(_path), inline ?? default, cancellationToken);
        _timer = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, _time);
    }

    /// <summary>Its next output; its end where all of that was told.</summary>
    public async Task<ExecOutput> NextAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_timer!.Token, cancellationToken);
        try
        {
            return await NextInTimeAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await Deadline.RunAsync(_time, CleanUpTimeout, token => QgaProcess.KillAsync(_agent, _pid, token), () => new TemplatingException(
                ErrorCode.GuestAgentFailed, "The program's time is over, and the guest's agent does not answer to have it killed."), cancellationToken);
            _result = new QgaResult(null, ProcessCalls.SignalKill, [], []);
            _timedOut = true;
            _timer.Dispose();
            _timer = new CancellationTokenSource();
        }

        // What it had printed until then.
        return await NextInTimeAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _timer?.Dispose();
        if (_pid == 0 && !_input.IsInFile)
        {
            return;
        }

        using var limit = new CancellationTokenSource(CleanUpTimeout, _time);
        try
        {
            if (_pid != 0 && _result is null)
            {
                await QgaProcess.KillAsync(_agent, _pid, limit.Token);
            }

            await _input.CloseAsync(limit.Token);
            await _output.CloseAsync(limit.Token);
            await _error.CloseAsync(limit.Token);
            await QgaProcess.RunAsideAsync(_agent, $"rm -f {_path}.*", limit.Token);
        }
        catch (Exception e) when (e is TemplatingException or OperationCanceledException)
        {
            // A guest that answers no more, or has ended: its files end with it.
        }
    }

    private async Task<ExecOutput> NextInTimeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_result is not null || _wait >= LookAfter)
            {
                if (await _output.ReadAsync(cancellationToken) is { Length: > 0 } output)
                {
                    return new ExecStandardOutput(output);
                }

                if (await _error.ReadAsync(cancellationToken) is { Length: > 0 } error)
                {
                    return new ExecStandardError(error);
                }
            }

            if (_result is { } result)
            {
                return End(result);
            }

            _result = await QgaProcess.PollAsync(_agent, _pid, cancellationToken);
            if (_result is null)
            {
                await Task.Delay(_wait, _time, cancellationToken);
                _wait = QgaProcess.NextPoll(_wait);
            }
        }
    }

    /// <summary>Where not even its files could be made, the shell says why in the agent's own pipe.</summary>
    private ExecOutput End(QgaResult result)
    {
        if (result.Error.Length > 0 && !_error.WasThere)
        {
            _result = result with { Error = [] };
            return new ExecStandardError(result.Error);
        }

        return result.Signal is { } signal ? new ExecExited(null, signal) { TimedOut = _timedOut } : new ExecExited(result.ExitCode ?? 0, null);
    }
}
