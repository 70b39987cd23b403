using System.Text.RegularExpressions;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.Testing;

namespace Templating.UnitTests.Node.Mapping;

public sealed partial class ErrorDocumentTests
{
    [Fact]
    public void TheDocumentSaysOfEveryCodeWhatTheTableSays()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "errors.md")))
            .Select(match => (match.Groups["reason"].Value, match.Groups["status"].Value, match.Groups["retryable"].Value))
            .ToList();

        rows.ShouldBe(
            Enum.GetValues<ErrorCode>().Select(code => (
                ErrorReasons.Of(code),
                ErrorReasons.Of(ErrorTable.Of(code).Status),
                ErrorTable.Of(code).Retryable ? "yes" : "no")),
            ignoreOrder: true);
    }

    [GeneratedRegex(@"^\| `(?<reason>[A-Z_]+)` \| `(?<status>[A-Z_]+)` \| [^|]+ \| (?<retryable>yes|no) \| [^|]+ \|\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
