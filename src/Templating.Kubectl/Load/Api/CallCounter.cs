namespace Templating.Kubectl.Load.Api;

/// <summary>Counts what goes over the wire, where it goes: retries and reconnected watches, too.</summary>
internal sealed class CallCounter(CallLog log, TimeProvider time) : DelegatingHandler
{
    /// <summary>Set on each request.</summary>
    public static readonly HttpRequestOptionsKey<(string Verb, string Kind)> Call = new("call");

    /// <summary>Called when the server took the request.</summary>
    public static readonly HttpRequestOptionsKey<Action> Opened = new("opened");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (verb, kind) = request.Options.TryGetValue(Call, out var call) ? call : (request.Method.Method, "other");
        var began = time.GetTimestamp();
        var refused = true;
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            refused = !response.IsSuccessStatusCode;
            if (!refused && request.Options.TryGetValue(Opened, out var opened))
            {
                opened();
            }

            return response;
        }
        finally
        {
            log.Add(verb, kind, refused, time.GetElapsedTime(began));
        }
    }
}
