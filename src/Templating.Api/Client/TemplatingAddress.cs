namespace Templating.Api.Client;

/// <summary>
/// Where a node's daemon listens: <c>unix:///absolute/path</c>, or <c>https://host:port</c> with mutual TLS.
/// Plain TCP cannot be expressed: whoever reaches the port could act for every tenant.
/// </summary>
public sealed record TemplatingAddress
{
    public const string Default = "unix:///run/templating/templating.sock";

    /// <summary>unix(7): sun_path has 108 bytes, the last of them NUL.</summary>
    public const int MaxSocketPath = 107;

    private const string UnixPrefix = "unix://";

    private TemplatingAddress(string? socketPath, Uri? uri) => (SocketPath, Uri) = (socketPath, uri);

    /// <summary>Null for TCP.</summary>
    public string? SocketPath { get; }

    /// <summary>Null for a Unix socket.</summary>
    public Uri? Uri { get; }

    public static bool TryParse(string text, out TemplatingAddress address, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        (address, problem) = Parse(text);
        return problem.Length == 0;
    }

    public override string ToString() => SocketPath is null ? Uri!.ToString().TrimEnd('/') : UnixPrefix + SocketPath;

    private static (TemplatingAddress Address, string Problem) Parse(string text)
    {
        if (text.StartsWith('/'))
        {
            text = UnixPrefix + text;
        }

        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            return ParseSocket(text[UnixPrefix.Length..]);
        }

        if (!System.Uri.TryCreate(text, UriKind.Absolute, out var uri) || !string.Equals(uri.Scheme, System.Uri.UriSchemeHttps, StringComparison.Ordinal))
        {
            return (null!, $"'{text}' is not an address; use unix:///path/to/socket or https://host:port.");
        }

        return uri.PathAndQuery is "/" && uri.UserInfo.Length == 0
            ? (new TemplatingAddress(null, uri), "")
            : (null!, $"'{text}' has more than a host and a port; use https://host:port.");
    }

    private static (TemplatingAddress Address, string Problem) ParseSocket(string path)
    {
        if (!path.StartsWith('/'))
        {
            return (null!, $"The socket path '{path}' is not absolute; use unix:///path/to/socket (three slashes).");
        }

        var bytes = System.Text.Encoding.UTF8.GetByteCount(path);
        return bytes <= MaxSocketPath
            ? (new TemplatingAddress(path, null), "")
            : (null!, $"The socket path '{path}' has {bytes} bytes; a Unix socket's has at most {MaxSocketPath}.");
    }
}
