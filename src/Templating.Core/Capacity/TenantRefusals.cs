using Templating.Core.Errors;

namespace Templating.Core.Capacity;

/// <summary>Refusals of what the node may have and the tenant may not.</summary>
internal static class TenantRefusals
{
    public const string Ask = "have whoever runs the node allow it in the policy file (docs/authorization.md).";

    /// <param name="tenant">Whose limit it is.</param>
    /// <param name="limit">Its name in the policy file.</param>
    /// <param name="found">What there would be: "4 VMs".</param>
    /// <param name="allowed">The limit, in the same unit.</param>
    /// <param name="advice">What the tenant itself can do.</param>
    public static TemplatingException Quota(string tenant, string limit, string found, string allowed, string advice) => new(
        ErrorCode.TenantQuotaExhausted, $"It would make {found} of tenant '{tenant}', and its limit ({limit}) is {allowed}. {advice}, or {Ask}")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        Details = new Dictionary<string, string>(StringComparer.Ordinal) { ["tenant"] = tenant, ["limit"] = limit },
    };

    /// <summary>What is more than the whole limit: nothing that the tenant deletes makes room for it.</summary>
    public static TemplatingException Never(string tenant, string limit, string needed, string allowed) => new(
        ErrorCode.TenantLimitTooSmall, $"It needs {needed}, and tenant '{tenant}' may have {allowed} in all ({limit}). Ask for less, or {Ask}")
    {
        Details = new Dictionary<string, string>(StringComparer.Ordinal) { ["tenant"] = tenant, ["limit"] = limit },
    };

    public static string MiB(long bytes) => $"{bytes >> 20} MiB";
}
