using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Creates, deletes, pauses, cancels and kills side by side: no VM lives that no list knows.</summary>
public sealed class OwnershipTests : NodeTest
{
    private const int Clones = 6;
    private const int Rounds = 4;

    [Fact]
    public async Task DeletesOfStartingClonesLeaveNoVmThatNobodyKnows()
    {
        await using var node = await TestNode.StartAsync();
        var ids = Enumerable.Range(0, Clones).Select(i => $"ghost-{i}").ToArray();
        var creates = ids.Select(id => TryAsync(CreateAsync(node, id, Limit))).ToArray();
        await VmProcesses.FirstOfAsync(node.Folder.Run, Limit);

        await Task.WhenAll(ids.Select(id => TryAsync(DeleteAsync(node, id, TimeSpan.Zero))));
        await Task.WhenAll(creates);

        await EveryVmIsKnownAsync(node);
        await node.CleanAsync(Limit);
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task WhateverHappensAtOnceEveryVmThatLivesIsInTheList()
    {
        await using var node = await TestNode.StartAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var calls = Enumerable.Range(0, Clones).Select(i => TryAsync(CreateAsync(node, $"c{i % 4}", Limit)))
                .Concat(Enumerable.Range(0, Clones).Select(_ => TryAsync(DisturbAsync(node))));
            await Task.WhenAll(calls);

            await EveryVmIsKnownAsync(node);
        }

        await node.CleanAsync(Limit);
        await NothingIsLeftAsync(node);
    }

    private static async Task CreateAsync(TestNode node, string id, CancellationToken cancellationToken) =>
        await node.Client.CloneAsync(cancellationToken, request =>
        {
            request.Id = id;
            request.WaitFor = RandomNumberGenerator.GetInt32(2) == 0 ? WaitFor.Running : WaitFor.Ready;
        });

    private async Task DeleteAsync(TestNode node, string id, TimeSpan grace) => await node.Client.Clones.DeleteCloneAsync(
        new DeleteCloneRequest { Name = $"tenants/{PreparedStore.Tenant}/clones/{id}", GracePeriod = Duration.FromTimeSpan(grace) },
        cancellationToken: Limit);

    /// <summary>One thing that somebody else may do, at a moment of its own.</summary>
    private async Task DisturbAsync(TestNode node)
    {
        var id = $"c{RandomNumberGenerator.GetInt32(4)}";
        var name = $"tenants/{PreparedStore.Tenant}/clones/{id}";
        // The moment is what is tried here: before QEMU runs, while it starts, restores or identifies, and after.
        await Task.Delay(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(300)), TimeProvider.System, Limit);
        switch (RandomNumberGenerator.GetInt32(5))
        {
            case 0:
                await DeleteAsync(node, id, TimeSpan.Zero);
                break;
            case 1:
                await Task.WhenAll(DeleteAsync(node, id, TimeSpan.FromMinutes(5)), DeleteAsync(node, id, TimeSpan.Zero));
                break;
            case 2:
                await node.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = name }, cancellationToken: Limit);
                break;
            case 3:
                using (var away = new CancellationTokenSource(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1, 200))))
                {
                    await CreateAsync(node, "cancelled", away.Token);
                }

                break;
            default:
                if (VmProcesses.Of(node.Folder.Run) is [var pid, ..])
                {
                    Signals.Send(pid, Signals.Kill);
                }

                break;
        }
    }
}
