using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Kubectl.Explaining;

internal static class PodFacts
{
    public static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(c => c is { Type: ConditionTypes.Ready, Status: ConditionStatus.True }) == true;
}
