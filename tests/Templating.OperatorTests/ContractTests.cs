using System.Reflection;
using System.Text.RegularExpressions;
using Templating.Kubernetes;
using Templating.Testing;

namespace Templating.OperatorTests;

/// <summary>The words of our resources' statuses: constants, all of them, and documented, all of them.</summary>
public sealed partial class ContractTests
{
    private static readonly string[] Documented = [.. Words(typeof(Reasons)), .. Words(typeof(ConditionTypes)), .. Words(typeof(ConditionStatus)), .. Words(typeof(NodeStates))];

    private static readonly string[] All =
    [
        .. Documented, .. Words(typeof(StartKinds)), .. Words(typeof(StartPhases)), .. Words(typeof(RestartPolicies)), .. Words(typeof(UpdateStrategies)),
        .. Words(typeof(PodPhases)), .. Words(typeof(Keys)).Where(key => key.Contains('/', StringComparison.Ordinal)), InstallationLabels.Component,
    ];

    [Fact]
    public void EveryReasonConditionAndStateIsDocumented()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs/kubernetes/conditions.md"));
        Documented.Where(word => !text.Contains($"`{word}`", StringComparison.Ordinal)).ShouldBeEmpty("docs/kubernetes/conditions.md lacks these");
    }

    [Fact]
    public void WhatIsDocumentedAsAReasonIsOne()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs/kubernetes/conditions.md")).Select(line => FirstCell().Match(line)).Where(row => row.Success);
        rows.Select(row => row.Groups["word"].Value).Except(Words(typeof(Reasons)), StringComparer.Ordinal).ShouldBeEmpty("no code can set these");
    }

    [Theory]
    [InlineData("src/Templating.Operator")]
    [InlineData("src/Templating.Kubectl")]
    public void NoCodeSpellsAWordOfTheContractItself(string project) =>
        Literals(project).Where(literal => All.Contains(literal.Text, StringComparer.Ordinal)).ShouldBeEmpty("there are constants for these");

    /// <summary>So a reason that is nobody's constant is seen, too: what reconcilers put together is sentences, and names of kinds.</summary>
    [Fact]
    public void NoReconcilerSpellsAReasonItself()
    {
        var words = Literals("src/Templating.Operator/Reconcilers").Where(literal => OneWord().IsMatch(literal.Text)).Select(literal => literal.Text);
        words.Distinct(StringComparer.Ordinal).Except(["Secret", "ConfigMap", "PodScheduled", "ContainerCreating"], StringComparer.Ordinal).ShouldBeEmpty();
    }

    private static IEnumerable<string> Words(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    private static IEnumerable<(string Place, string Text)> Literals(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
        {
            foreach (var line in File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            {
                foreach (Match literal in Literal().Matches(line))
                {
                    yield return (Path.GetFileName(file), literal.Groups["text"].Value);
                }
            }
        }
    }

    [GeneratedRegex(@"^\| `(?<word>\w+)` \|", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FirstCell();

    [GeneratedRegex(@"""(?<text>[^""\\]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Literal();

    [GeneratedRegex("^[A-Z][A-Za-z]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OneWord();
}
