using k8s;
using k8s.Models;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Reconcilers;

/// <summary>Which keys of a reconciler a change concerns. Cheap: it runs for every event of a watch.</summary>
internal abstract record Trigger;

/// <summary>For objects of the API server, whenever one is added, changed or deleted (then with its last state).</summary>
internal sealed record ObjectTrigger<T>(Func<T, IEnumerable<ObjectKey>> Keys) : Trigger
    where T : class, IKubernetesObject<V1ObjectMeta>;

/// <summary>For what nodes tell of their templates and VM pods.</summary>
internal sealed record NodeTrigger(Func<NodeChange, IEnumerable<ObjectKey>> Keys) : Trigger;

/// <summary>A reconciler, what wakes it, how many of its keys are worked on at once, and which of those that wait go first.</summary>
internal sealed record Controller(IReconciler Reconciler, IReadOnlyList<Trigger> Triggers, int Concurrency, Func<ObjectKey, bool>? GoesFirst = null, int MostOthers = int.MaxValue)
{
    /// <summary>Changes are gathered for so long before a pass, so that many of them are one; none where a pass costs less than waiting.</summary>
    public TimeSpan Gathers { get; init; }
}
