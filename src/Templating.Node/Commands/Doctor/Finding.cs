namespace Templating.Node.Commands.Doctor;

internal enum Verdict
{
    /// <summary>Nothing to judge, good to know.</summary>
    Info,
    Pass,

    /// <summary>It works, less well than it could.</summary>
    Warn,

    /// <summary>No template can be built or cloned before this is changed.</summary>
    Fail,
}

/// <param name="Found">What there is.</param>
/// <param name="Advice">What to do; empty where nothing is to be done.</param>
internal sealed record Finding(string Check, Verdict Verdict, string Found, string Advice = "");
