using System.Text.RegularExpressions;
using k8s.Autorest;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers;

/// <summary>Why the API server did not do what a pass asked for, in its own words where it has any.</summary>
internal sealed partial record Refusal(string Reason, string Message)
{
    /// <summary>What is alike but for names and numbers, which differ with each try, is no news.</summary>
    public string Class => ClassOf(Reason, Message);

    /// <summary>Null for what is no failed call of the API server.</summary>
    public static Refusal? Of(Exception error) => error switch
    {
        HttpOperationException refusal when ClusterErrors.IsAnswer(refusal) =>
            new(Reasons.ApiRefused, $"The API server refused {Call(refusal)}: {ClusterErrors.MessageOf(refusal)}"),
        HttpOperationException refusal => new(Reasons.ApiUnavailable, $"The API server was not reached by {Call(refusal)}: {ClusterErrors.MessageOf(refusal)}"),
        _ when ClusterErrors.KindOf(error) != ClusterErrorKind.None => new(Reasons.ApiUnavailable, $"The API server does not answer: {error.Message}"),
        _ => null,
    };

    public static string ClassOf(string reason, string? message) => $"{reason} {Names().Replace(message ?? "", "*")}";

    /// <summary>Such as: PATCH of pods 'web-1' (403).</summary>
    private static string Call(HttpOperationException refusal)
    {
        var code = (int?)refusal.Response?.StatusCode;
        if (refusal.Request?.RequestUri is not { } uri)
        {
            return $"a call ({code})";
        }

        // /api/v1/... or /apis/GROUP/VERSION/..., then perhaps namespaces/NAME, then RESOURCE and perhaps NAME and a subresource.
        var path = uri.AbsolutePath.Trim('/').Split('/');
        var parts = path.Skip(path[0] == "api" ? 2 : 3).ToArray();
        parts = parts is ["namespaces", _, _, ..] ? parts[2..] : parts;
        var what = parts switch
        {
            [var resource, var name, var subresource, ..] => $"{resource}/{subresource} '{name}'",
            [var resource, var name] => $"{resource} '{name}'",
            _ => string.Join('/', parts),
        };
        return $"{refusal.Request.Method} of {what} ({code})";
    }

    [GeneratedRegex("""("[^"]*"|'[^']*'|[0-9])+""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();
}
