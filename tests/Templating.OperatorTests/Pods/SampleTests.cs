using System.Text;
using System.Text.Json.Nodes;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Pods;

public sealed class SampleTests
{
    public static TheoryData<string, string> Samples => new()
    {
        { "vmpool.yaml", $"apis/{Group.ApiVersion}/namespaces/default/{VMPool.Plural}" },
        { "vmclone.yaml", $"apis/{Group.ApiVersion}/namespaces/default/{VMClone.Plural}" },
        { "vm-pod.yaml", "api/v1/namespaces/default/pods" },
        { "vm-deployment.yaml", "apis/apps/v1/namespaces/default/deployments" },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task TheServerTakesTheSamplesOfTheDocumentation(string file, string path)
    {
        var server = await SharedCluster.GetAsync();
        using var client = server.Client();
        var yaml = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/kubernetes/samples", file));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(client.BaseUri, $"{path}?dryRun=All"))
        {
            Content = new StringContent(yaml, Encoding.UTF8, "application/yaml"),
        };
        await client.Credentials.ProcessHttpRequestAsync(request, CancellationToken.None);

        using var answer = await client.HttpClient.SendAsync(request);

        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        JsonNode.Parse(text)!["kind"]!.GetValue<string>().ShouldNotBe("Status");
    }
}
