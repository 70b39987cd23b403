using Grpc.Core;
using Xunit.Abstractions;

namespace Templating.AttackTests.Clients;

/// <summary>How the calls of an attack ended.</summary>
internal static class Ends
{
    /// <summary>Says which ends there were, and fails for those that say that the fault is the daemon's.</summary>
    public static void Tell(ITestOutputHelper output, IReadOnlyCollection<Status> ends)
    {
        foreach (var kind in ends.GroupBy(end => end.StatusCode))
        {
            output.WriteLine($"{kind.Count()} {kind.Key}: {kind.First().Detail}");
        }

        ends.ShouldNotContain(end => end.StatusCode == StatusCode.Unknown);
        ends.ShouldNotContain(end => end.StatusCode == StatusCode.Internal && !end.Detail.Contains("Error starting gRPC call", StringComparison.Ordinal));
    }
}
