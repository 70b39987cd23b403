namespace Templating.Contract;

/// <summary>What is meant where a user says nothing, as far as it is not told beside its limits.</summary>
public static class Defaults
{
    /// <summary>Older revisions that are kept beside the newest.</summary>
    public const int HistoryLimit = 2;

    /// <summary>For the guest of a VM pod to power off, in seconds.</summary>
    public const int GraceSeconds = 30;

    /// <summary>Where guest files lie on a node: those of the package, and the operator's own.</summary>
    public static IReadOnlyList<string> GuestFolders { get; } = ["/usr/share/templating", "/var/lib/templating/guests"];
}
