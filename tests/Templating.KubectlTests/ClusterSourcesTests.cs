using Templating.Kubectl.Cluster;

namespace Templating.KubectlTests;

public sealed class ClusterSourcesTests
{
    private static readonly ConnectionOptions Nothing = new(null, null, null, AllNamespaces: false);

    [Fact]
    public void InAPodItsAccountIsUsedWhereNobodyGaveAKubeconfig() =>
        Of(Nothing, variable: null, inHome: false, inPod: true).ShouldBe(ClusterSource.Pod);

    [Theory]
    [InlineData("/etc/kubeconfig", null, null, false)]
    [InlineData(null, "staging", null, false)]
    [InlineData(null, null, "/etc/kubeconfig", false)]
    [InlineData(null, null, null, true)]
    public void AKubeconfigThatIsGivenComesFirstAlsoInAPod(string? file, string? context, string? variable, bool inHome)
    {
        foreach (var inPod in new[] { false, true })
        {
            Of(Nothing with { Kubeconfig = file, Context = context }, variable, inHome, inPod).ShouldBe(ClusterSource.Kubeconfig);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void WhereThereIsNeitherItIsToldWhatWasLookedFor(string? variable)
    {
        var refusal = Should.Throw<PluginException>(() => Of(Nothing with { Namespace = "team-a" }, variable, inHome: false, inPod: false));
        foreach (var place in new[] { "--kubeconfig", "KUBECONFIG", "~/.kube/config", "/var/run/secrets/kubernetes.io/serviceaccount" })
        {
            refusal.Message.ShouldContain(place);
        }
    }

    private static ClusterSource Of(ConnectionOptions options, string? variable, bool inHome, bool inPod) =>
        ClusterSources.Of(options, name => name == "KUBECONFIG" ? variable : null, inHome, inPod);
}
