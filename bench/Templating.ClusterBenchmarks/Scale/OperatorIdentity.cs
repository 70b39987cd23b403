using k8s;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>
/// What the operator proves itself by: to the nodes by certificate, to the API server as the ServiceAccount that the chart's
/// role is bound to. No controller hands out tokens here, but a client certificate's name is a user's name as well.
/// </summary>
internal static class OperatorIdentity
{
    /// <returns>Its kubeconfig.</returns>
    public static string Write(string folder, ApiServer server, Authority nodes, string installation)
    {
        var tls = Directory.CreateDirectory(Path.Combine(folder, "tls")).FullName;
        var client = nodes.Issue("CN=templating-operator");
        File.WriteAllText(Path.Combine(tls, "ca.crt"), nodes.CertificatePem);
        File.WriteAllText(Path.Combine(tls, "tls.crt"), client.Certificate);
        File.WriteAllText(Path.Combine(tls, "tls.key"), client.Key);

        using var authority = server.LoadAuthority();
        var user = authority.Issue($"O=system:serviceaccounts,CN=system:serviceaccount:{installation}:templating-operator");
        var path = Path.Combine(folder, "operator.kubeconfig");
        File.WriteAllText(path, $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: bench
              cluster:
                server: {KubernetesClientConfiguration.BuildConfigFromConfigFile(server.Kubeconfig).Host}
                certificate-authority-data: {Base64(authority.CertificatePem)}
            users:
            - name: operator
              user:
                client-certificate-data: {Base64(user.Certificate)}
                client-key-data: {Base64(user.Key)}
            contexts:
            - name: bench
              context: {"{"}cluster: bench, user: operator, namespace: {installation}{"}"}
            current-context: bench
            """);
        return path;
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
