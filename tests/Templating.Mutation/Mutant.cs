namespace Templating.Mutation;

/// <summary>One small wrong change.</summary>
/// <param name="Id">By which it is switched on.</param>
/// <param name="File">Relative to the repository.</param>
/// <param name="Line">From 1.</param>
/// <param name="Kind">What is changed.</param>
/// <param name="Change">From what to what.</param>
internal sealed record Mutant(int Id, string File, int Line, string Kind, string Change)
{
    /// <summary>The same in every run, as long as its file does not change.</summary>
    public string Key => $"{File}:{Line}\t{Kind}\t{Change}";
}
