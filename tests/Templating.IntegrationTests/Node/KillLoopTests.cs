#pragma warning disable RS0030 // A run that failed must be possible again: its numbers come from a seed.
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.IntegrationTests.Node;

/// <summary>
/// Round after round: creates, deletes of what starts, pauses and builds under way, and in the midst of it the daemon is killed,
/// or VMs are, or both. What is there after each is what the daemon tells, and a retry finds what its first try made.
/// </summary>
public sealed class KillLoopTests(ITestOutputHelper output) : NodeTest
{
    private const int Rounds = 50;
    private const int Names = 5;

    /// <summary>Clones that stay from round to round, so that there is something to adopt.</summary>
    private const int Kept = 3;

    private static readonly TimeSpan IdentityLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(300);

    private readonly int _seed = Environment.GetEnvironmentVariable("TEMPLATING_KILL_SEED") is { Length: > 0 } given
        ? int.Parse(given, CultureInfo.InvariantCulture)
        : Random.Shared.Next();

    private readonly Dictionary<string, int> _done = new(StringComparer.Ordinal);

    [Fact]
    public async Task WhateverIsKilledAtWhateverMomentNothingIsUnknownAndNothingIsLeft()
    {
        output.WriteLine($"TEMPLATING_KILL_SEED={_seed}");
        var random = new Random(_seed);
        await using var node = await TestNode.StartAsync();
        for (var round = 0; round < Rounds; round++)
        {
            try
            {
                await RoundAsync(node, random);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InvalidOperationException($"Round {round} of seed {_seed}: {e.Message}", e);
            }
        }

        output.WriteLine(string.Join(", ", _done.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key} {d.Value}")));
        await node.CleanAsync(Limit);
        await NothingIsLeftAsync(node);
        _done.GetValueOrDefault("daemon killed").ShouldBeGreaterThan(Rounds / 3);
        _done.GetValueOrDefault("VM killed").ShouldBeGreaterThan(Rounds / 3);
        _done.GetValueOrDefault("retry found it").ShouldBeGreaterThan(0);
    }

    private async Task RoundAsync(TestNode node, Random random)
    {
        var killsDaemon = random.Next(3) > 0;
        var killsVms = !killsDaemon || random.Next(2) == 0;
        var creates = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new Create(random)).ToList();
        var calls = creates.Select(create => TryAsync(create.RunAsync(node.Client, Limit)))
            .Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => TryAsync(DisturbAsync(node.Client, random.Next(4), Name(random), random.Next(200)))))
            .ToList();
        using var building = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        if (killsDaemon && random.Next(4) == 0)
        {
            Count("build begun");
            calls.Add(TryAsync(node.Client.BuildAsync("other", GuestSpecs.Web(), building.Token)));
        }

        // The moment is what is tried here.
        await Task.Delay(LastMoment * random.NextDouble(), TimeProvider.System, Limit);
        if (killsVms)
        {
            KillVms(node, random.Next(1, 3));
        }

        if (killsDaemon)
        {
            Count("daemon killed");
            await node.Daemon.KillAsync(Limit);
            await Task.WhenAll(calls);
            if (random.Next(3) == 0)
            {
                // While nobody looks.
                KillVms(node, 1);
            }

            await node.RestartAsync();
        }

        await Task.WhenAll(calls);
        await EveryVmIsKnownAsync(node);
        await EveryFolderIsKnownAsync(node);
        NoUserIsShared(node);
        foreach (var create in creates)
        {
            await RetryAsync(node, create);
        }

        await EveryVmIsKnownAsync(node);
        await TrimAsync(node);
    }

    /// <summary>What the daemon keeps of clones is theirs; of builds and staged files, nothing.</summary>
    private async Task EveryFolderIsKnownAsync(TestNode node) => await Eventually.SeeAsync(
        async () =>
        {
            var clones = (await ListAsync(node)).Count;
            var folders = Directory.GetDirectories(node.Folder.Clones).Length;
            var left = Directory.GetFileSystemEntries(node.Folder.Builds).Concat(Directory.GetFileSystemEntries(node.Folder.Staging));
            return $"{(folders == clones ? "" : $"{folders} folders of {clones} clones")} {string.Join(' ', left)}".Trim();
        },
        problem => problem.Length == 0, "the folders are those of the clones", explain: problem => Task.FromResult(problem ?? ""), cancellationToken: Limit);

    private static void NoUserIsShared(TestNode node)
    {
        var users = VmProcesses.Of(node.Folder.Run).Select(VmProcesses.UserOf).OfType<uint>().Where(uid => uid != 0).ToList();
        users.Distinct().Count().ShouldBe(users.Count, string.Join(' ', users));
    }

    /// <summary>A retry leads to the clone of the first try, as long as that is there; else it is a new try, which may be refused.</summary>
    private async Task RetryAsync(TestNode node, Create create)
    {
        var before = (await ListAsync(node)).FirstOrDefault(c => create.Made is { } made && c.Name == made.Name && c.Pid == made.Pid);
        try
        {
            var again = await create.RunAsync(node.Client, Limit);
            if (before is not null)
            {
                (again.Name, again.Pid).ShouldBe((before.Name, before.Pid));
                Count("retry found it");
            }
        }
        catch (TemplatingClientException e)
        {
            before.ShouldBeNull($"{create.Made?.Name} was made, and its retry failed: {e.Message}");
            e.Message.ShouldNotContain("internal", Case.Insensitive);
            Count("retry refused: " + e.Reason);
        }
    }

    private async Task DisturbAsync(TemplatingClient client, int what, string name, int afterMilliseconds)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(afterMilliseconds), TimeProvider.System, Limit);
        if (what == 0)
        {
            await client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = name }, cancellationToken: Limit);
            Count("paused");
        }
        else if (what == 1)
        {
            await client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = name }, cancellationToken: Limit);
        }
        else
        {
            await client.Clones.DeleteCloneAsync(
                new DeleteCloneRequest { Name = name, GracePeriod = Duration.FromTimeSpan(TimeSpan.Zero) }, cancellationToken: Limit);
            Count("deleted");
        }
    }

    private void KillVms(TestNode node, int most)
    {
        foreach (var pid in VmProcesses.Of(node.Folder.Run).Take(most))
        {
            Count("VM killed");
            Signals.Send(pid, Signals.Kill);
        }
    }

    private async Task TrimAsync(TestNode node)
    {
        var clones = await ListAsync(node);
        var living = clones.Where(c => c.State is CloneState.Running or CloneState.Paused).Take(Kept).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        await Task.WhenAll(clones.Where(c => !living.Contains(c.Name)).Select(c => TryAsync(node.Client.Clones.DeleteCloneAsync(
            new DeleteCloneRequest { Name = c.Name, GracePeriod = Duration.FromTimeSpan(TimeSpan.Zero) }, cancellationToken: Limit).ResponseAsync)));
    }

    private void Count(string what)
    {
        lock (_done)
        {
            _done[what] = _done.GetValueOrDefault(what) + 1;
        }
    }

    private static string Name(Random random) => $"tenants/{PreparedStore.Tenant}/clones/k{random.Next(Names)}";

    /// <summary>A create that may be tried again.</summary>
    private sealed class Create(Random random)
    {
        private readonly string _id = $"k{random.Next(Names)}";
        private readonly string _requestId = Guid.NewGuid().ToString();
        private readonly WaitFor _wait = random.Next(2) == 0 ? WaitFor.Running : WaitFor.Ready;

        /// <summary>What it was told of; null where it was told of none.</summary>
        public VmClone? Made { get; private set; }

        public async Task<VmClone> RunAsync(TemplatingClient client, CancellationToken cancellationToken)
        {
            var clone = await client.CloneAsync(cancellationToken, request =>
            {
                request.Id = _id;
                request.RequestId = _requestId;
                request.WaitFor = _wait;
                // One that is paused before its guest has answered is waited for until then.
                request.Spec.IdentityTimeout = Duration.FromTimeSpan(IdentityLimit);
            });
            // One that only runs yet is ended by the next daemon: it was never ready.
            Made ??= clone.ReadyTime is null ? null : clone;
            return clone;
        }
    }
}
