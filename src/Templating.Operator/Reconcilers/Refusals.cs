using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers;

/// <summary>
/// Tells what the API server refused: in the condition <see cref="ConditionTypes.Reconciled"/>, which is there only as long,
/// and by an Event when it begins or becomes another. What a pass came to before it is told beside it.
/// </summary>
internal sealed class Refusals(IEvents events)
{
    /// <summary>A cache that is behind explains one (409, 404), and the next pass does not have it.</summary>
    private const int ToldFrom = 3;

    /// <summary>Far more objects than are refused at once where anybody looks; then all is told once more.</summary>
    private const int MaxRemembered = 16_384;

    private readonly ConcurrentDictionary<(string Uid, string Of), string> _told = new();

    private readonly ConcurrentDictionary<string, int> _stale = new(StringComparer.Ordinal);

    /// <param name="trouble">Null for a pass that nothing was refused in.</param>
    /// <param name="isInTheWay">Whether it kept the pass from its end, so that it is the reason why the object is not ready.</param>
    /// <returns>Whether it is told; a refusal that the next pass may not have is not, yet.</returns>
    public bool Tell(IKubernetesObject<V1ObjectMeta> about, ConditionSet conditions, Exception? trouble, bool isInTheWay = true)
    {
        var uid = about.Metadata.Uid;
        if (trouble is null || Refusal.Of(trouble) is not { } refusal)
        {
            Passed(uid);
            conditions.Remove(ConditionTypes.Reconciled);
            return true;
        }

        if (ClusterErrors.IsStale(trouble) && _stale.AddOrUpdate(uid, 1, (_, times) => times + 1) < ToldFrom)
        {
            return false;
        }

        var before = conditions.Get(ConditionTypes.Reconciled);
        conditions.Set(ConditionTypes.Reconciled, ConditionStatus.False, refusal.Reason, refusal.Message);
        // What is ready stays so, and how it finished too: they are about the VM, not about us.
        if (isInTheWay && !conditions.IsTrue(ConditionTypes.Ready) && !conditions.IsTrue(ConditionTypes.Finished))
        {
            conditions.Set(ConditionTypes.Ready, ConditionStatus.False, refusal.Reason, refusal.Message);
        }

        if (before is null || Refusal.ClassOf(before.Reason, before.Message) != refusal.Class)
        {
            Event(about, ConditionTypes.Reconciled, refusal.Reason, refusal.Message);
        }

        return true;
    }

    /// <summary>A pass in which nothing was refused, told or not.</summary>
    public void Passed(string uid)
    {
        _stale.TryRemove(uid, out _);
        Forget(uid, ConditionTypes.Reconciled);
    }

    /// <summary>A Warning, once for each class of message, until <see cref="Forget"/>.</summary>
    /// <param name="of">What was refused: an object may have several.</param>
    public void Event(IKubernetesObject<V1ObjectMeta> about, string of, string reason, string message)
    {
        if (_told.Count >= MaxRemembered)
        {
            _told.Clear();
        }

        var (key, now) = ((about.Metadata.Uid, of), Refusal.ClassOf(reason, message));
        if (!_told.TryGetValue(key, out var before) || before != now)
        {
            _told[key] = now;
            events.Warning(about, reason, message);
        }
    }

    public void Forget(string uid, string of) => _told.TryRemove((uid, of), out _);
}
