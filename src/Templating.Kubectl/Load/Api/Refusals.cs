using System.Globalization;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Templating.Kubectl.Load.Api;

/// <summary>The API server's Status objects.</summary>
internal static class Refusals
{
    /// <summary>Few and short, to be counted by: the status' number and its reason.</summary>
    public static string ReasonOf(HttpOperationException refusal) => string.Create(
        CultureInfo.InvariantCulture, $"{(int)refusal.Response.StatusCode} {StatusOf(refusal.Response.Content)?.Reason ?? refusal.Response.StatusCode.ToString()}");

    public static string MessageOf(string content) => StatusOf(content)?.Message ?? content;

    private static V1Status? StatusOf(string? content)
    {
        try
        {
            return content is null ? null : KubernetesJson.Deserialize<V1Status>(content);
        }
        catch (JsonException)
        {
            // A proxy's page.
            return null;
        }
    }
}
