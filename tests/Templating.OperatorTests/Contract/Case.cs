namespace Templating.OperatorTests.Contract;

/// <summary>One input at a border of a rule.</summary>
/// <param name="Name">The field and what is tried.</param>
/// <param name="Change">Makes the input of a sound one.</param>
/// <param name="Legal">Whether it is to be taken, by all.</param>
/// <param name="Beyond">What a schema has no words for; null where it must refuse what is not legal.</param>
internal sealed record Case<T>(string Name, Action<T> Change, bool Legal, string? Beyond = null)
{
    /// <summary>Why a node would take it, which never gets to see it; null where it must refuse what is not legal.</summary>
    public string? Unseen { get; init; }

    public override string ToString() => Name;
}

/// <summary>What a schema cannot express, and so leaves to the operator.</summary>
internal static class Beyond
{
    public const string Bytes = "a schema counts characters";

    public const string Sum = "a schema adds nothing up";

    public const string Repeats = "a schema compares no entries";

    public const string Fields = "a schema compares no fields";

    public const string Quantity = "a schema does not reckon with quantities";

    public const string Host = "a pattern does not know every host";

    public const string First = "a schema does not tell a list's first entry from the others";
}

/// <summary>What a node takes for something else.</summary>
internal static class Unseen
{
    public const string Unset = "the wire says it as it says unset";

    public const string Name = "on a node a template's name goes on with its revision";
}
