namespace Templating.Node.Commands.Runtimes;

/// <summary>A file of the host's as it is and as it shall be; null where there is none.</summary>
internal sealed record PlannedFile(string What, string Path, byte[]? Old, byte[]? New, UnixFileMode Mode)
{
    public bool IsChanged => Old is null != New is null || (Old is not null && !Old.AsSpan().SequenceEqual(New));

    public string Action => (Old, New) switch
    {
        _ when !IsChanged => Old is null ? "none" : "keep",
        (null, _) => "make",
        (_, null) => "remove",
        _ => "change",
    };
}
