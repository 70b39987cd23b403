using k8s.Models;
using Templating.Kubernetes.Resources;

namespace Templating.OperatorTests.Harness;

/// <summary>Tests that call the reconcilers of pools and clones themselves, so that every step is seen.</summary>
public abstract class ByHandTests : IAsyncLifetime
{
    private protected TestSpace Space { get; private set; } = null!;

    private protected OperatorByHand Operator { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Space = await TestSpace.WithTemplateAsync();
        Operator = await OperatorByHand.StartAsync(Space);
    }

    public async Task DisposeAsync()
    {
        await Operator.DisposeAsync();
        await Space.DisposeAsync();
    }

    /// <summary>A VMClone that is ready; returns its pod's name.</summary>
    protected async Task<string> StartCloneAsync(string name, VMCloneSpec? spec = null)
    {
        await Space.CreateCloneAsync(name, spec);
        await ReconcileCloneAsync(name);
        await Space.StartPodsAsync();
        var clone = await ReconcileCloneAsync(name);
        Condition(clone, "Ready").Status.ShouldBe("True");
        return clone.Status!.PodName!;
    }

    /// <summary>The pool "pool", full.</summary>
    protected async Task FillPoolAsync(int replicas)
    {
        await Space.CreatePoolAsync("pool", replicas);
        await ReconcilePoolAsync();
        await Space.StartPodsAsync();
        Condition(await ReconcilePoolAsync(), "Ready").Status.ShouldBe("True");
    }

    protected async Task<VMClone> ReconcileCloneAsync(string name)
    {
        await Operator.CloneAsync(name);
        return await Space.CloneAsync(name);
    }

    protected async Task<VMPool> ReconcilePoolAsync()
    {
        await Operator.PoolAsync("pool");
        return await Space.PoolAsync("pool");
    }

    protected static (string Status, string Reason) Condition(VMClone clone, string type) => Condition(clone?.Status?.Conditions, type);

    protected static (string Status, string Reason) Condition(VMPool pool, string type) => Condition(pool?.Status?.Conditions, type);

    private static (string Status, string Reason) Condition(List<V1Condition>? conditions, string type)
    {
        var condition = conditions?.Find(c => c.Type == type);
        return (condition?.Status ?? "none", condition?.Reason ?? "");
    }
}
