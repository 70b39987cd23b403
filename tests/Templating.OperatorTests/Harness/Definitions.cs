using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Definitions;
using Templating.Kubernetes.Resources;
using Templating.Testing;
using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests.Harness;

/// <summary>Our CustomResourceDefinitions on a server.</summary>
internal static class Definitions
{
    /// <summary>Returns when the server serves them.</summary>
    public static async Task ApplyAsync(ApiServer server)
    {
        using var client = server.Client();
        foreach (var file in CrdGenerator.Files(withCel: false))
        {
            var crd = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(file.Yaml);
            await client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(crd);
            await Eventually.UntilAsync(
                async () => IsEstablished(await client.ApiextensionsV1.ReadCustomResourceDefinitionAsync(crd.Metadata.Name)), $"{crd.Metadata.Name} is established");
        }

        // Established, and yet the handler may take a moment more.
        foreach (var plural in new[] { VMTemplate.Plural, VMPool.Plural, VMClone.Plural })
        {
            await Eventually.UntilAsync(() => IsServedAsync(client, plural), $"{plural} are served");
        }
    }

    public static bool IsEstablished(V1CustomResourceDefinition crd) =>
        crd.Status?.Conditions?.Any(condition => condition is { Type: "Established", Status: "True" }) == true;

    private static async Task<bool> IsServedAsync(k8s.Kubernetes client, string plural)
    {
        using var answer = await client.HttpClient.SendAsync(await RequestAsync(client, $"apis/{Group.ApiVersion}/{plural}"));
        return answer.IsSuccessStatusCode;
    }

    private static async Task<HttpRequestMessage> RequestAsync(k8s.Kubernetes client, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.BaseUri, path));
        await client.Credentials.ProcessHttpRequestAsync(request, CancellationToken.None);
        return request;
    }
}
