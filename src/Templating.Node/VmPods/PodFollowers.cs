using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Vms;
using Templating.Node.Kubernetes.Volumes;

namespace Templating.Node.VmPods;

/// <summary>A <see cref="PodFollower"/> for each published volume.</summary>
internal sealed class PodFollowers(
    VolumeManager volumes, PodTable table, TemplatingMetrics metrics, PodPages pages, TimeProvider time, ILogger<PodFollowers> logger) : BackgroundService
{
    /// <summary>For pods that were there before this daemon to say their state. One that is silent holds up no start.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(3);

    /// <summary>For another one of them to do so.</summary>
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Done)> _followers = new(StringComparer.Ordinal);

    /// <summary>Whoever watches is not told that pods which run are gone, or waiting, because the daemon is another.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // One that is silent is told of as published until it says more.
        await Answers.WaitAsync([.. volumes.List().Select(volume => Begin(volume, isKnown: true))], NextLook, NextLook, FirstLook, time, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await FollowAllAsync(stoppingToken);
                }
                catch (TemplatingException e) when (e.Code == ErrorCode.WatchTooSlow)
                {
                    // Begin anew with what there is now.
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            foreach (var id in _followers.Keys.ToArray())
            {
                await EndAsync(id);
            }
        }
    }

    private async Task FollowAllAsync(CancellationToken cancellationToken)
    {
        // Subscribed before the list is taken, so that nothing is missed.
        var changes = volumes.WatchAsync(cancellationToken);
        var present = volumes.List().ToDictionary(volume => volume.Id, StringComparer.Ordinal);
        foreach (var id in _followers.Keys.Where(id => !present.ContainsKey(id)).ToArray())
        {
            await EndAsync(id);
        }

        foreach (var volume in present.Values)
        {
            _ = Begin(volume, isKnown: false);
        }

        await foreach (var change in changes.WithCancellation(cancellationToken))
        {
            if (change.Kind == ChangeKind.Deleted)
            {
                await EndAsync(change.Item.Id);
            }
            else
            {
                _ = Begin(change.Item, isKnown: false);
            }
        }
    }

    /// <param name="volume">Of the pod.</param>
    /// <param name="isKnown">Whether it was published by a daemon before this one.</param>
    /// <returns>Its first look.</returns>
    private Task Begin(VolumeView volume, bool isKnown)
    {
        if (_followers.ContainsKey(volume.Id))
        {
            return Task.CompletedTask;
        }

        var stop = new CancellationTokenSource();
        var follower = new PodFollower(volume, table, new PodMeter(metrics, volume.PublishedAt, isKnown, time), pages, time, logger);
        _followers[volume.Id] = (stop, RunAsync(follower, volume, stop.Token));
        return follower.Looked;
    }

    private async Task RunAsync(PodFollower follower, VolumeView volume, CancellationToken cancellationToken)
    {
        try
        {
            await follower.RunAsync(cancellationToken);
        }
#pragma warning disable CA1031 // One pod's follower must not end the others, nor the daemon; it is logged as a fault of ours.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.FollowerFailed(logger, volume.Tenant, volume.PodName, e);
        }
    }

    private async Task EndAsync(string id)
    {
        if (_followers.Remove(id, out var follower))
        {
            await follower.Stop.CancelAsync();
            await follower.Done;
            follower.Stop.Dispose();
        }

        table.Remove(id);
    }
}
