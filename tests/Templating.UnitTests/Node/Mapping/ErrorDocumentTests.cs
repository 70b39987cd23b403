using System.Text.RegularExpressions;
using Google.Rpc;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Exits;
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

    public static TheoryData<ErrorCode> Codes => [.. Enum.GetValues<ErrorCode>()];

    /// <summary>A program reads of a retry in the status, in RetryInfo and in the exit code: all say the same.</summary>
    [Theory, MemberData(nameof(Codes))]
    public void EveryCodeSaysTheSameOfARetryEverywhere(ErrorCode code)
    {
        var status = ErrorMapping.ToStatus(new TemplatingException(code, "It is so."));
        var exit = ExitCode.Of(TemplatingClientException.From(status));

        var retryable = ErrorTable.Of(code).Retryable;
        (status.GetDetail<RetryInfo>() is not null).ShouldBe(retryable);
        retryable.ShouldBe((StatusCode)status.Code is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Aborted);
        exit.ShouldNotBe(ExitCode.Unavailable, "The daemon did answer.");
        exit.ShouldNotBe(ExitCode.Ok);
        File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli.md")).ShouldContain($"\n| {exit} | ");
    }

    [GeneratedRegex(@"^\| `(?<reason>[A-Z_]+)` \| `(?<status>[A-Z_]+)` \| [^|]+ \| (?<retryable>yes|no) \| [^|]+ \|\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
