using System.Globalization;
using System.Net;
using k8s.Autorest;
using Templating.Kubernetes.Calls;
using Templating.Terminal.Tables;

namespace Templating.Kubectl.Load.Api;

/// <summary>What the API server refused, few and short.</summary>
internal static class Refusals
{
    /// <summary>Of a message that is shown: what it says of a quota or a webhook has room.</summary>
    private const int MostLetters = 160;

    /// <summary>Of a server that restarts, or has too much to do: it may be asked again.</summary>
    public static bool IsPassing(Exception e) => e is HttpOperationException refusal
        ? refusal.Response.StatusCode == HttpStatusCode.TooManyRequests || refusal.Response.StatusCode >= HttpStatusCode.InternalServerError
        : IsOfCall(e);

    /// <summary>What a call of the server fails by.</summary>
    public static bool IsOfCall(Exception e) => e is HttpOperationException or HttpRequestException or IOException or TimeoutException;

    /// <summary>What the server said, which may be a guest's or a webhook's words.</summary>
    public static string MessageOf(HttpOperationException refusal)
    {
        var text = PlainText.Of(ServerStatus.MessageOf(refusal.Response.Content)).Trim();
        return text.Length <= MostLetters ? text : text[..MostLetters] + "...";
    }

    /// <summary>To be counted by: the status' number and its reason.</summary>
    public static string ReasonOf(HttpOperationException refusal) => string.Create(
        CultureInfo.InvariantCulture, $"{(int)refusal.Response.StatusCode} {ServerStatus.Of(refusal.Response.Content)?.Reason ?? refusal.Response.StatusCode.ToString()}");
}
