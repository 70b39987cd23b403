using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;
using Templating.Kubernetes.Calls;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Hosting;
using Templating.OperatorTests.Harness;
using Templating.Testing;
using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests.Hosting;

public sealed class KubeconfigTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheCurrentContextIsRead()
    {
        var read = Read("""
            apiVersion: v1
            kind: Config
            current-context: two
            contexts:
            - name: one
              context: {cluster: other, user: other}
            - {name: two, context: {cluster: here, user: me, namespace: space}}
            clusters:
            - name: here
              cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true, tls-server-name: kubernetes}
            users:
            - name: me
              user: {token: secret, client-certificate: pki/me.crt, client-key: /pki/me.key}
            """);

        (read.Host, read.Namespace, read.SkipTlsVerify, read.TlsServerName, read.AccessToken).ShouldBe(("https://127.0.0.1:6443", "space", true, "kubernetes", "secret"));
        (read.ClientCertificateFilePath, read.ClientKeyFilePath).ShouldBe((_folder["pki/me.crt"], "/pki/me.key"));
        read.SslCaCerts.ShouldBeNull();
    }

    [Fact]
    public void ATokensFileIsReadAgainInItsTime() => Read(WithUser("tokenFile: token")).TokenProvider.ShouldBeOfType<TokenFileAuth>();

    [Theory]
    [InlineData("exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}", "exec")]
    [InlineData("auth-provider: {name: oidc}", "auth-provider")]
    public void WhatAsksAPersonIsRefused(string user, string named) =>
        Should.Throw<KubeConfigException>(() => Read(WithUser(user))).Message.ShouldContain($"Found {named} in the kubeconfig {_folder["config"]}");

    [Theory]
    [InlineData("", "expected one YAML document")]
    [InlineData("a: [", "cannot be used")]
    [InlineData("a: b", "lacks current-context")]
    [InlineData("current-context: x", "lacks 'x' under contexts")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {}}]}", "lacks the server of context 'x'")]
    public void WhatIsMissingIsNamed(string text, string problem) => Should.Throw<KubeConfigException>(() => Read(text)).Message.ShouldContain(problem);

    [Fact]
    public void AFileThatIsNotThereIsNamed() => Should.Throw<KubeConfigException>(() => Kubeconfig.Read(_folder["none"])).Message.ShouldContain(_folder["none"]);

    [Fact]
    public async Task AServerIsReachedByIt()
    {
        var server = await SharedCluster.GetAsync();
        var there = server.Configuration();
        var authority = Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Join('\n', there.SslCaCerts.Select(c => c.ExportCertificatePem()))));
        using var connection = ApiConnection.Open(Read(WithUser($"token: {there.AccessToken}", $"server: {there.Host}, certificate-authority-data: {authority}")));

        var pools = await new ClusterApi(connection, TimeProvider.System).SendAsync<ItemList<VMPool>>(
            HttpMethod.Get, ResourceType.Of<VMPool>().Collection(""), null, null, CancellationToken.None);

        pools.Metadata.ResourceVersion.ShouldNotBeNull();
    }

    [Fact]
    public async Task AServerOfAnotherAuthorityIsNotTalkedTo()
    {
        var there = (await SharedCluster.GetAsync()).Configuration();
        using var other = new TestAuthority(_folder["pki"]);
        there.SslCaCerts = [X509CertificateLoader.LoadCertificateFromFile(other.CertificatePath)];
        using var connection = ApiConnection.Open(there);

        await Should.ThrowAsync<HttpRequestException>(() => new ClusterApi(connection, TimeProvider.System).SendAsync<JsonElement>(
            HttpMethod.Get, "version", null, null, CancellationToken.None));
    }

    private static string WithUser(string user, string cluster = "server: https://127.0.0.1:6443") =>
        $$$"""{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: { {{{cluster}}} }}], users: [{name: u, user: { {{{user}}} }}]}""";

    private KubernetesClientConfiguration Read(string text) => Kubeconfig.Read(_folder.Write("config", text));
}
