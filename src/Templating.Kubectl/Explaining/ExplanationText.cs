using System.Text;

namespace Templating.Kubectl.Explaining;

internal static class ExplanationText
{
    public static string Of(Explanation explanation)
    {
        var text = new StringBuilder().Append(explanation.Subject).Append(": ").Append(explanation.Summary);
        foreach (var finding in explanation.Findings)
        {
            text.Append("\n  - ").Append(finding.Text.TrimEnd());
            if (finding.Advice is { } advice)
            {
                text.Append("\n    To do: ").Append(advice);
            }
        }

        return text.ToString();
    }
}
