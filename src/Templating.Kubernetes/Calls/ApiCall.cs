namespace Templating.Kubernetes.Calls;

/// <summary>One request to an API server.</summary>
/// <param name="Method">Of HTTP.</param>
/// <param name="Path">Under the server's root, with its query.</param>
/// <param name="Name">In messages.</param>
public sealed record ApiCall(HttpMethod Method, string Path, string Name)
{
    /// <summary>JSON; null for none.</summary>
    public string? Body { get; init; }

    /// <summary>Of the body; null means application/json.</summary>
    public string? ContentType { get; init; }

    /// <summary>What the answer may have; null where the server itself is its author, and trusted.</summary>
    public long? MostBytes { get; init; }

    /// <summary>For handlers of the client's own; null for none.</summary>
    public Action<HttpRequestOptions>? Options { get; init; }
}
