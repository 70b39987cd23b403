namespace Templating.Kubectl.Explaining;

/// <param name="Subject">Such as VMClone team-a/web.</param>
/// <param name="Summary">A sentence about it.</param>
/// <param name="Findings">What stands in the way, the nearest cause last; none where all is well.</param>
internal sealed record Explanation(string Subject, string Summary, IReadOnlyList<Finding> Findings);

/// <param name="Text">What was seen.</param>
/// <param name="Advice">What to do; null where there is nothing, or waiting is enough.</param>
internal sealed record Finding(string Text, string? Advice = null);
