using Templating.AttackTests.Harness;
using Templating.Testing.Nodes;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Pods;

/// <summary>Pods whose process says what it likes, with watchers that do not read.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class PodAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private const int Pods = 12;

    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(8);

    private static readonly Func<int, byte[]>[] Kinds =
        [HostilePod.UnknownFields, HostilePod.UnknownFieldsWithin, HostilePod.GiantStrings, HostilePod.ManyPhases, HostilePod.EndlessChanges, HostilePod.EmptyMessages];

    [Fact]
    public Task WhatPodsSayIsBoundedHoweverMuchTheySay() => new Siege(node, output).WithstandAsync("hostile pods", async cancellationToken =>
    {
        using var kubelet = new KubeletCalls(node.Kubelet);
        using var caller = new LocalCaller(node.Socket, BesiegedNode.HostileUser);
        var names = Enumerable.Range(0, Pods).Select(i => $"hostile-{i}").ToArray();
        var pods = new List<HostilePod>();
        var watches = Enumerable.Range(0, 4).Select(_ => caller.Pods.WatchPods(
            new WatchPodsRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken)).ToArray();
        try
        {
            foreach (var name in names)
            {
                pods.Add(new HostilePod(await kubelet.PublishAsync(name, cancellationToken, BesiegedNode.HostileTenant), Kinds[pods.Count % Kinds.Length]));
            }

            await Task.Delay(Attack, TimeProvider.System, cancellationToken);
            var listed = await caller.Pods.ListPodsAsync(new ListPodsRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken);
            output.WriteLine($"The list of {listed.Pods.Count} pods has {listed.CalculateSize()} bytes.");
            listed.CalculateSize().ShouldBeLessThan(1 << 20, "what is kept of a pod");
        }
        finally
        {
            foreach (var pod in pods)
            {
                await pod.DisposeAsync();
            }

            Array.ForEach(watches, watch => watch.Dispose());
            await Task.WhenAll(names.Select(name => kubelet.UnpublishAsync(name, CancellationToken.None)));
        }
    }, Limit);
}
