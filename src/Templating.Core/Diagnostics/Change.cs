namespace Templating.Core.Diagnostics;

public enum ChangeKind
{
    Added,
    Modified,
    Deleted,
}

public sealed record Change<T>(ChangeKind Kind, T Item);
