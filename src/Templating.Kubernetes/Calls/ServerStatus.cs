using System.Text.Json;
using k8s.Models;

namespace Templating.Kubernetes.Calls;

/// <summary>The Status objects in which the API server refuses.</summary>
public static class ServerStatus
{
    /// <summary>Null where the text is none: a proxy's page, say.</summary>
    public static V1Status? Of(string? content)
    {
        if (string.IsNullOrEmpty(content) || content[0] != '{')
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(content, CallContext.Default.V1Status) is { Kind: V1Status.KubeKind } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The message of the Status; the text itself where it is none, or has none.</summary>
    public static string MessageOf(string? content) => Of(content)?.Message is { Length: > 0 } message ? message : content ?? "";
}
