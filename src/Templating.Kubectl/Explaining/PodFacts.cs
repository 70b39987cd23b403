using k8s.Models;

namespace Templating.Kubectl.Explaining;

internal static class PodFacts
{
    public static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
}
