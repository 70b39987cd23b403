using System.Net;
using k8s.Autorest;
using Templating.Kubernetes.Calls;

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

    /// <summary>The server's own fault (500), which is most often that of a webhook it has to ask.</summary>
    Failed,

    /// <summary>Overload, a restart, a broken connection: the same call may work in a while.</summary>
    Transient,
}

internal static class ClusterErrors
{
    /// <summary>So that it fits an Event, of 1,024, with what stands beside it.</summary>
    private const int MaxMessage = 800;

    public static ClusterErrorKind KindOf(Exception error) => error switch
    {
        HttpOperationException { Response: { } response } => KindOf(response),
        HttpRequestException or TimeoutException or IOException => ClusterErrorKind.Transient,
        _ => ClusterErrorKind.None,
    };

    public static bool Is(Exception error, ClusterErrorKind kind) => KindOf(error) == kind;

    /// <summary>Whether somebody said no to this call (then with a Status), or nobody answered it.</summary>
    public static bool IsAnswer(Exception error) => error is HttpOperationException { Response: { } response } && ServerStatus.Of(response.Content) is not null;

    /// <summary>One that this process caused by knowing less than the server: a moment later it knows more.</summary>
    public static bool IsStale(Exception error) =>
        KindOf(error) is ClusterErrorKind.Conflict or ClusterErrorKind.AlreadyExists or ClusterErrorKind.NotFound or ClusterErrorKind.Gone;

    /// <summary>
    /// One that says no to this very request, so that another, about another object or to another end, may be taken. Of an
    /// overloaded server, or one that does not answer, that cannot be said.
    /// </summary>
    public static bool IsAboutThisCall(Exception error) =>
        KindOf(error) is ClusterErrorKind.Forbidden or ClusterErrorKind.Invalid or ClusterErrorKind.Failed;

    /// <summary>What a refusal says. A webhook's may be of any length.</summary>
    public static string MessageOf(string? content) => Cut(ServerStatus.MessageOf(content));

    public static string MessageOf(HttpOperationException refusal) => MessageOf(refusal.Response?.Content);

    private static ClusterErrorKind KindOf(HttpResponseMessageWrapper response) => response.StatusCode switch
    {
        HttpStatusCode.Conflict when ServerStatus.Of(response.Content)?.Reason is "AlreadyExists" => ClusterErrorKind.AlreadyExists,
        HttpStatusCode.Conflict => ClusterErrorKind.Conflict,
        HttpStatusCode.NotFound => ClusterErrorKind.NotFound,
        HttpStatusCode.Gone => ClusterErrorKind.Gone,
        // A namespace that is being deleted refuses new objects with 403, too.
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => ClusterErrorKind.Forbidden,
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest => ClusterErrorKind.Invalid,
        HttpStatusCode.TooManyRequests => ClusterErrorKind.Transient,
        HttpStatusCode.InternalServerError when ServerStatus.Of(response.Content) is not null => ClusterErrorKind.Failed,
        >= HttpStatusCode.InternalServerError => ClusterErrorKind.Transient,
        _ => ClusterErrorKind.None,
    };

    private static string Cut(string text) => text.Length <= MaxMessage ? text
        // Half a character is no text: the server would refuse the condition it stands in.
        : text[..(char.IsHighSurrogate(text[MaxMessage - 4]) ? MaxMessage - 4 : MaxMessage - 3)] + "...";
}
