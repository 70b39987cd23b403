using k8s;
using k8s.Models;

namespace Templating.OperatorTests.Harness;

/// <summary>Service accounts that may do less than all.</summary>
internal static class Accounts
{
    private static readonly string[] Core = ["pods", "nodes", "configmaps", "secrets", "events"];

    /// <summary>One that may do what an operator does, but nothing with one of the core's resources.</summary>
    /// <returns>Its token.</returns>
    public static async Task<string> CreateAsync(IKubernetes client, string @namespace, string except)
    {
        var name = $"{@namespace}-without-{except}";
        await client.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = name } }, @namespace);
        await client.RbacAuthorizationV1.CreateClusterRoleAsync(new V1ClusterRole
        {
            Metadata = new V1ObjectMeta { Name = name },
            Rules =
            [
                new V1PolicyRule { ApiGroups = ["templating.dev"], Resources = ["*"], Verbs = ["*"] },
                new V1PolicyRule { ApiGroups = ["storage.k8s.io"], Resources = ["csinodes"], Verbs = ["get", "list", "watch"] },
                new V1PolicyRule { ApiGroups = [""], Resources = [.. Core.Where(r => r != except)], Verbs = ["*"] },
            ],
        });
        await client.RbacAuthorizationV1.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding
        {
            Metadata = new V1ObjectMeta { Name = name },
            RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = name },
            Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = name, NamespaceProperty = @namespace }],
        });
        var token = await client.CoreV1.CreateNamespacedServiceAccountTokenAsync(
            new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [], ExpirationSeconds = 3600 } }, name, @namespace);
        return token.Status.Token;
    }
}
