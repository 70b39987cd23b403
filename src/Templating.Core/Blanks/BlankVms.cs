using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Blanks;

/// <summary>
/// Keeps VMs started for the shapes of machines that are in use on this node: without memory, for templates of whatever tenant. What starts one
/// takes it from here; where none waits it starts its own, and nobody waits for one to be made.
/// </summary>
public sealed class BlankVms : IBlankVms, IAsyncDisposable
{
    private readonly VmParts _parts;
    private readonly BlankOptions _options;
    private readonly ILogger _logger;
    private readonly BlankShelf _shelf;

    /// <summary>Not disposed: it holds nothing but memory, and who waits on it then would wait for ever.</summary>
    private readonly SemaphoreSlim _wanted = new(0, 1);

    private readonly Lock _lock = new();
    private readonly HashSet<Task> _ending = [];

    public BlankVms(VmParts parts, BlankOptions options, ILogger<BlankVms> logger)
    {
        (_parts, _options, _logger, _shelf) = (parts, options, logger, new BlankShelf(options, parts.Time));
        parts.Capacity.GiveWay = GiveWay;
        if (parts.Users is { } users)
        {
            users.GiveWay = GiveWay;
        }

        parts.Metrics.ObserveBlanks(() => _shelf.Waiting);
    }

    /// <summary>How many wait.</summary>
    public int Waiting => _shelf.Waiting;

    public ITakenBlank? Take(ResolvedMachine machine, int images, NetworkSpec network)
    {
        if (_options.Count == 0 || network.Outbound || _parts.Vmm.Known is not { BlankProblem: null })
        {
            return null;
        }

        var shape = BlankShape.Of(machine, images);
        _shelf.Use(shape);
        var dead = new List<Blank>();
        var blank = _shelf.Take(shape, dead);
        dead.ForEach(End);
        blank?.GiveBackCharge();
        _parts.Metrics.BlankTaken(found: blank is not null);
        Wake();
        return blank;
    }

    /// <summary>Notes a template that may be cloned here before long.</summary>
    public void Expect(ResolvedMachine machine, int images)
    {
        _shelf.Use(BlankShape.Of(machine, images));
        Wake();
    }

    /// <summary>Ends what the daemon before this one left. Once, before the first is made.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        FileSystem.MakeFolder(_options.Folder, FileSystem.OwnerOnlyFolder);
        var left = LeftOvers.In(_options.Folder).Select(folder => new LeftVm(folder)).ToList();
        await LeftOvers.EndAsync(_parts.Vmm, _parts.Users, left, [], _logger, cancellationToken);
        if (left.Count > 0)
        {
            _logger.Recovered(left.Count);
        }
    }

    /// <summary>Makes those that lack and ends those that nobody wants, one after the other, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (_options.Count > 0)
        {
            if (await IsWantedAsync(cancellationToken))
            {
                await Task.Delay(_options.RefillDelay, _parts.Time, cancellationToken);
            }

            _shelf.TakeUnwanted().ToList().ForEach(End);
            await FillAsync(cancellationToken);
        }
    }

    /// <summary>Ends all. One that hangs in the kernel is the next daemon's to look for.</summary>
    public async ValueTask DisposeAsync()
    {
        _shelf.Close().ToList().ForEach(End);
        Task[] ending;
        lock (_lock)
        {
            ending = [.. _ending];
        }

        await Task.WhenAll(ending).WaitAsync(_options.EndLimit, _parts.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>False where it is only time to look.</summary>
    private async Task<bool> IsWantedAsync(CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(_options.LookInterval, _parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            await _wanted.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_wanted.CurrentCount == 0)
            {
                _wanted.Release();
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps one from being made, clones start without it; it is logged and tried again.")]
    private async Task FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The installed QEMU may be another one by now.
            var info = await _parts.Vmm.ProbeAsync(refresh: false, cancellationToken);
            while (info.BlankProblem is null
                && _shelf.FindLack(shape => shape.QemuVersion == info.Version && shape.Accelerator <= info.Accelerator) is { } lack)
            {
                if (lack.Instead is { } instead)
                {
                    End(instead);
                }

                if (_parts.Capacity.TryChargeSpare() is not { } charge)
                {
                    // No room; clones need it more.
                    return;
                }

                if (!await TryMakeAsync(lack.Shape, charge, cancellationToken))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.NotStarted(e.Message);
        }
    }

    private async Task<bool> TryMakeAsync(BlankShape shape, IDisposable charge, CancellationToken cancellationToken)
    {
        var user = _parts.Users?.TryRentSpare();
        if (user is null && _parts.Users is not null)
        {
            charge.Dispose();
            return false;
        }

        var start = _parts.Time.GetTimestamp();
        var folder = VmFolder.NewIn(_options.Folder);
        Blank blank;
        try
        {
            FileSystem.MakeFolder(folder.Path, FileSystem.OwnerOnlyFolder);
            var generation = Guid.NewGuid();
            var vm = await _parts.Vmm.StartBlankAsync(
                new BlankRequest { Folder = folder, Shape = shape, Generation = generation, User = user?.User }, cancellationToken);
            blank = new Blank(vm, shape, folder, generation, user, charge, Failed);
        }
        catch
        {
            charge.Dispose();
            user?.Dispose();
            FileSystem.RemoveTree(folder.Path);
            throw;
        }

        _parts.Metrics.BlankMade(_parts.Time.GetElapsedTime(start));
        if (!_shelf.TryAdd(blank))
        {
            End(blank);
            return false;
        }

        _ = blank.Exited.ContinueWith(
            _ =>
            {
                if (_shelf.Remove(blank))
                {
                    _logger.EndedWaiting(blank.Process.Pid);
                    End(blank);
                }
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return true;
    }

    private void Failed(Blank blank, Exception e)
    {
        if (e is not OperationCanceledException)
        {
            _logger.NotBound(blank.Process.Pid, HostFailure.Explain(e).Message);
        }

        End(blank);
    }

    /// <summary>Ends some for the room they take of the budget.</summary>
    private void GiveWay(int count) => _shelf.Yield(count).ToList().ForEach(End);

    /// <summary>Beside all else; a process that hangs in the kernel is waited for by nobody.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "It is logged; the next daemon tries again.")]
    private void End(Blank blank)
    {
        var ending = EndAsync();
        lock (_lock)
        {
            _ending.Add(ending);
        }

        _ = ending.ContinueWith(
            task =>
            {
                lock (_lock)
                {
                    _ending.Remove(task);
                }
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        async Task EndAsync()
        {
            try
            {
                await blank.EndAsync();
            }
            catch (Exception e)
            {
                _logger.NotCleared(blank.Process.Pid, e);
            }
        }
    }
}
