using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>Kubernetes Events, on changes of state only. Telling never fails a reconcile: a lost Event is counted and logged.</summary>
internal interface IEvents
{
    void Normal(IKubernetesObject<V1ObjectMeta> about, string reason, string message);

    void Warning(IKubernetesObject<V1ObjectMeta> about, string reason, string message);
}
