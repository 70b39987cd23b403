using Templating.Core.Downloads;
using Templating.Core.Templates;

namespace Templating.Core.Building;

public sealed record BuildOptions
{
    /// <summary>Folder for the sockets of VMs being built, <c>RUN/builds</c>.</summary>
    public required string BuildsFolder { get; init; }

    /// <summary>How many templates may be built at the same time; the others queue, each tenant's in turn with the others'.</summary>
    public int MaxConcurrentBuilds { get; init; } = 2;

    /// <summary>
    /// How long a build that waits for its guest, or for the server of a file, counts among <see cref="MaxConcurrentBuilds"/>: a
    /// guest that boots is work. Then it counts for its tenant alone, and the build of another goes on.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the guest is left alone after its warm-up, before the freeze. What it still has to do then (timers, deferred
    /// frees, its agents going to sleep) it would do again in every clone, before it gets to the clone's identity.
    /// </summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Which of the node's files may go into guests, for callers who are not trusted with any.</summary>
    public GuestFilePolicy GuestFiles { get; init; } = new();

    /// <summary>Fetches files given by URL; null where none is fetched.</summary>
    public GuestDownloads? Downloads { get; init; }

    internal GuestFilePolicy PolicyFor(CreateTemplate request) => request.AnyPath ? GuestFilePolicy.Anywhere : GuestFiles;
}
