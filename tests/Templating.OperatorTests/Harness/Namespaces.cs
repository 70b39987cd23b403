using System.Security.Cryptography;
using k8s;
using k8s.Models;

namespace Templating.OperatorTests.Harness;

internal static class Namespaces
{
    /// <summary>One of a test's own.</summary>
    public static async Task<string> CreateAsync(IKubernetes client)
    {
        var name = "t" + RandomNumberGenerator.GetHexString(10, lowercase: true);
        await client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } });
        return name;
    }
}
