using System.Reflection;
using Templating.Kubernetes;

namespace Templating.OperatorTests;

public sealed class ReasonsTests
{
    [Fact]
    public void EveryReasonIsDocumented()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs/kubernetes/conditions.md"));
        var reasons = typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        reasons.Where(reason => !text.Contains($"`{reason}`", StringComparison.Ordinal)).ShouldBeEmpty("docs/kubernetes/conditions.md lacks these");
    }
}
