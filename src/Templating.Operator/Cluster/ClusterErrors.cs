using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>What a failed call to the API server means.</summary>
internal enum ClusterErrorKind
{
    /// <summary>Not the API server's answer at all.</summary>
    None,

    /// <summary>Somebody else wrote first, or a precondition does not hold (409).</summary>
    Conflict,

    /// <summary>A create found the name taken (409).</summary>
    AlreadyExists,
    NotFound,

    /// <summary>That resource version was compacted away (410).</summary>
    Gone,
    Forbidden,

    /// <summary>Against the schema or a rule (422, 400).</summary>
    Invalid,

    /// <summary>Overload, a restart, a broken connection: the same call may work in a while.</summary>
    Transient,
}

internal static class ClusterErrors
{
    public static ClusterErrorKind KindOf(Exception error) => error switch
    {
        HttpOperationException { Response: { } response } => KindOf(response),
        HttpRequestException or TimeoutException or IOException => ClusterErrorKind.Transient,
        _ => ClusterErrorKind.None,
    };

    public static bool Is(Exception error, ClusterErrorKind kind) => KindOf(error) == kind;

    /// <summary>The message of the Status in a refusal; the text itself where it is none.</summary>
    public static string MessageOf(string? content) => StatusOf(content)?.Message is { Length: > 0 } message ? message : Cut(content ?? "");

    private static ClusterErrorKind KindOf(HttpResponseMessageWrapper response) => response.StatusCode switch
    {
        HttpStatusCode.Conflict when StatusOf(response.Content)?.Reason is "AlreadyExists" => ClusterErrorKind.AlreadyExists,
        HttpStatusCode.Conflict => ClusterErrorKind.Conflict,
        HttpStatusCode.NotFound => ClusterErrorKind.NotFound,
        HttpStatusCode.Gone => ClusterErrorKind.Gone,
        // A namespace that is being deleted refuses new objects with 403, too.
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => ClusterErrorKind.Forbidden,
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest => ClusterErrorKind.Invalid,
        HttpStatusCode.TooManyRequests => ClusterErrorKind.Transient,
        >= HttpStatusCode.InternalServerError => ClusterErrorKind.Transient,
        _ => ClusterErrorKind.None,
    };

    private static V1Status? StatusOf(string? content)
    {
        if (string.IsNullOrEmpty(content) || content[0] != '{')
        {
            return null;
        }

        try
        {
            return KubernetesJson.Deserialize<V1Status>(content);
        }
        catch (JsonException)
        {
            // A proxy's page, not the API server's.
            return null;
        }
    }

    private static string Cut(string text) => text.Length <= 512 ? text : text[..512];
}
