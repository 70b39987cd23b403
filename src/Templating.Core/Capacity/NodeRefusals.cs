using Templating.Core.Errors;

namespace Templating.Core.Capacity;

/// <summary>Refusals for the node's memory budget, with what is needed and what is free.</summary>
internal static class NodeRefusals
{
    public static TemplatingException Full(long needed, long free, CapacityOptions options, string besides) => Refusal(
        needed, free, options,
        $"The VM needs {InMiB(needed)} MiB of the node's memory budget; {InMiB(free)} MiB of {InMiB(options.BudgetBytes)} MiB are free{besides}. "
        + "Stop clones, use another node, or raise --memory-budget or --memory-overcommit.");

    public static TemplatingException FullToGrow(long needed, long free, CapacityOptions options) => Refusal(
        needed, free, options,
        $"The VM needs {InMiB(needed)} MiB more of the node's memory budget; {InMiB(free)} MiB of {InMiB(options.BudgetBytes)} MiB are free. "
        + "Stop clones, grow by less, or raise --memory-budget or --memory-overcommit.");

    /// <summary>What is more than the whole budget.</summary>
    public static TemplatingException Never(long needed, long budget) => new(
        ErrorCode.NodeTooSmall,
        $"The VM needs {InMiB(needed)} MiB, and the node's memory budget is {InMiB(budget)} MiB in all: whatever ends, it never fits. "
        + "Give its machine less memory, use a larger node, or raise --memory-budget or --memory-overcommit.")
    {
        Details = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["needed_bytes"] = $"{needed}",
            ["budget_bytes"] = $"{budget}",
        },
    };

    private static TemplatingException Refusal(long needed, long free, CapacityOptions options, string message) =>
        new(ErrorCode.NodeMemoryExhausted, message)
        {
            RetryAfter = options.RetryAfter,
            Details = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["needed_bytes"] = $"{needed}",
                ["free_bytes"] = $"{free}",
                ["budget_bytes"] = $"{options.BudgetBytes}",
            },
        };

    private static long InMiB(long bytes) => bytes >> 20;
}
