namespace Templating.Core.Templates;

public sealed record BuildOptions
{
    /// <summary>Folder for the sockets of VMs being built, <c>RUN/builds</c>.</summary>
    public required string BuildsFolder { get; init; }

    /// <summary>How many templates may be built at the same time; the others queue.</summary>
    public int MaxConcurrentBuilds { get; init; } = 2;

    /// <summary>Which of the node's files may go into guests, for callers who are not trusted with any.</summary>
    public GuestFilePolicy GuestFiles { get; init; } = new();

    internal GuestFilePolicy PolicyFor(CreateTemplate request) => request.AnyPath ? GuestFilePolicy.Anywhere : GuestFiles;
}
