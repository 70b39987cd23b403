using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;
using Templating.Contract;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Templating.Operator.Hosting;

/// <summary>
/// A kubeconfig's current context, as a tree: KubernetesClient's own reader needs reflection. What proves who a program is, is
/// taken: a token, a certificate, or a name with a password. Commands that ask a person are not run.
/// </summary>
internal sealed class Kubeconfig
{
    // As much as the API server takes of an object, which is more than a file of many clusters has.
    private const int MaxBytes = 1 << 20;

    private readonly string _path;
    private readonly YamlMappingNode _root;

    private Kubeconfig(string path, YamlMappingNode root) => (_path, _root) = (path, root);

    /// <summary>Where kubectl looks.</summary>
    public static string Usual => Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } path ? path
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");

    /// <exception cref="KubeConfigException">It is not there, or something of it is missing or not taken.</exception>
    public static KubernetesClientConfiguration Read(string path)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(WrittenText.ReadFile(path, MaxBytes)));
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? new Kubeconfig(path, root).Configuration()
                : throw new KubeConfigException($"Found in {path} no kubeconfig: expected one YAML document with clusters, users and contexts.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or YamlException or FormatException or CryptographicException)
        {
            throw new KubeConfigException($"The kubeconfig {path} cannot be used: {e.Message}", e);
        }
    }

    private KubernetesClientConfiguration Configuration()
    {
        var current = Text(_root, "current-context") ?? throw Missing("current-context");
        var context = Named("contexts", "context", current);
        var cluster = Named("clusters", "cluster", Text(context, "cluster") ?? throw Missing($"the cluster of context '{current}'"));
        var configuration = new KubernetesClientConfiguration
        {
            Namespace = Text(context, "namespace"),
            Host = Text(cluster, "server") ?? throw Missing($"the server of context '{current}'"),
            TlsServerName = Text(cluster, "tls-server-name"),
            SkipTlsVerify = Text(cluster, "insecure-skip-tls-verify") == "true",
            SslCaCerts = Authorities(cluster),
        };
        if (Text(context, "user") is { } user)
        {
            Show(configuration, user, Named("users", "user", user));
        }

        return configuration;
    }

    private void Show(KubernetesClientConfiguration configuration, string name, YamlMappingNode user)
    {
        foreach (var asks in new[] { "exec", "auth-provider" })
        {
            if (user.Children.ContainsKey(new YamlScalarNode(asks)))
            {
                throw new KubeConfigException(
                    $"Found {asks} in the kubeconfig {_path} for user '{name}', which is for people: give the operator a token, a tokenFile or a client certificate.");
            }
        }

        configuration.AccessToken = Text(user, "token");
        configuration.TokenProvider = Text(user, "tokenFile") is { } file ? new TokenFileAuth(Full(file)) : null;
        configuration.Username = Text(user, "username");
        configuration.Password = Text(user, "password");
        configuration.ClientCertificateData = Text(user, "client-certificate-data");
        configuration.ClientCertificateKeyData = Text(user, "client-key-data");
        configuration.ClientCertificateFilePath = Text(user, "client-certificate") is { } certificate ? Full(certificate) : null;
        configuration.ClientKeyFilePath = Text(user, "client-key") is { } key ? Full(key) : null;
    }

    private X509Certificate2Collection? Authorities(YamlMappingNode cluster)
    {
        var authorities = new X509Certificate2Collection();
        if (Text(cluster, "certificate-authority-data") is { } data)
        {
            authorities.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        }
        else if (Text(cluster, "certificate-authority") is { } file)
        {
            authorities.ImportFromPemFile(Full(file));
        }
        else
        {
            return null;
        }

        return authorities;
    }

    /// <summary>The part of the list's item of that name.</summary>
    private YamlMappingNode Named(string list, string part, string name) =>
        Child(_root, list) is YamlSequenceNode items
        && items.OfType<YamlMappingNode>().FirstOrDefault(item => Text(item, "name") == name) is { } found
        && Child(found, part) is YamlMappingNode value
            ? value
            : throw Missing($"'{name}' under {list}");

    private static YamlNode? Child(YamlMappingNode node, string key) => node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private static string? Text(YamlMappingNode node, string key) => Child(node, key) is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;

    /// <summary>Paths in it begin at its folder.</summary>
    private string Full(string path) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(_path))!, path);

    private KubeConfigException Missing(string what) => new($"The kubeconfig {_path} lacks {what}.");
}
