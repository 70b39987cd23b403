using System.Globalization;
using k8s.Autorest;
using Templating.Kubernetes.Calls;

namespace Templating.Kubectl.Load.Api;

/// <summary>What the API server refused, few and short.</summary>
internal static class Refusals
{
    /// <summary>To be counted by: the status' number and its reason.</summary>
    public static string ReasonOf(HttpOperationException refusal) => string.Create(
        CultureInfo.InvariantCulture, $"{(int)refusal.Response.StatusCode} {ServerStatus.Of(refusal.Response.Content)?.Reason ?? refusal.Response.StatusCode.ToString()}");
}
