using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

public sealed class CapacityTests : NodeTest
{
    [Fact]
    public async Task FiftyClonesAskedForAtOnceAreEachReadyOrRefusedForWantOfMemory()
    {
        await using var node = await TestNode.StartAsync();
        var spec = NodeCalls.Spec();
        spec.IdentityTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(10));
        using var call = node.Client.Clones.CreateClones(new CreateClonesRequest { Spec = spec, Count = 50 }, cancellationToken: Limit);
        var results = new List<CreateClonesResponse>();
        while (await call.ResponseStream.MoveNext(Limit))
        {
            results.Add(call.ResponseStream.Current);
        }

        results.Select(r => r.Index).Order().ShouldBe(Enumerable.Range(0, 50));
        var ready = results.Where(r => r.Clone_ is not null).Select(r => r.Clone_).ToList();
        foreach (var refused in results.Where(r => r.Error is not null))
        {
            TemplatingClientException.From(refused.Error).Reason.ShouldBe("NODE_MEMORY_EXHAUSTED", refused.Error.Message);
        }

        ready.ShouldNotBeEmpty();
        ready.ShouldAllBe(c => c.ReadyTime != null && c.Identity.Hostname == c.Id);
        ready.Select(c => c.Identity.MachineId).ShouldBeUnique();
        VmProcesses.Of(node.Folder.Run).Count.ShouldBe(ready.Count);
        (await node.CleanAsync(Limit)).ShouldBeEmpty();
    }

    [Fact]
    public async Task CloneBeyondTheMemoryBudgetIsRefusedWithWhatIsFree()
    {
        // Each is charged 128 MiB of RAM and 64 MiB for its QEMU.
        await using var node = await TestNode.StartAsync(("MEMORY_BUDGET", "400MiB"));
        var first = await node.Client.CloneAsync(Limit);
        await node.Client.CloneAsync(Limit);

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.ResourceExhausted, "NODE_MEMORY_EXHAUSTED");

        failure.Message.ShouldContain("16 MiB of 400 MiB");
        failure.Metadata["free_bytes"].ShouldBe($"{16 << 20}");
        failure.RetryAfter.ShouldNotBeNull();
        VmProcesses.Of(node.Folder.Run).Count.ShouldBe(2);
        await node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = first.Name }, cancellationToken: Limit);
        (await node.Client.CloneAsync(Limit)).State.ShouldBe(CloneState.Running);
    }

    [Fact]
    public async Task CloneBeyondTheirNumberIsRefused()
    {
        await using var node = await TestNode.StartAsync(("MAX_CLONES", "1"));
        await node.Client.CloneAsync(Limit);

        await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.ResourceExhausted, "NODE_CAPACITY_EXHAUSTED");

        VmProcesses.Of(node.Folder.Run).ShouldHaveSingleItem();
    }
}
