using CsCheck;
using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.Core.Names;

namespace Templating.UnitTests.Clones;

public sealed class CloneNamingTests
{
    [Fact]
    public void AMadeUpIdIsALabelWhateverTheTemplateIsCalled() =>
        Gen.String[Gen.Char["abc-"], 1, 63].Select(s => "a" + s.TrimEnd('-')).Sample(name =>
        {
            var id = CloneNaming.NewId(name[..Math.Min(63, name.Length)]);
            id.Length.ShouldBeLessThanOrEqualTo(63);
            System.Text.RegularExpressions.Regex.IsMatch(id, "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$").ShouldBeTrue(id);
        });

    [Fact]
    public void TheDigestOfARequestTellsEveryFieldApart()
    {
        var request = new CreateClone { Template = new TemplateName("a", "t") };
        var others = new[]
        {
            request,
            request with { Template = new TemplateName("a", "u") },
            request with { Revision = "r" },
            request with { Id = "i" },
            request with { Hostname = "i" },
            request with { Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["K"] = "V" } },
            request with { Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["K"] = "W" } },
            request with { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["K"] = "V" } },
            request with { UserData = "x"u8.ToArray() },
            request with { Files = [new InjectedFile("/f", "x"u8.ToArray())] },
            request with { Files = [new InjectedFile("/f", "y"u8.ToArray())] },
            request with { Files = [new InjectedFile("/f", "x"u8.ToArray(), Mode: 0x1a4)] },
            request with { Network = new(Outbound: true, []) },
        };

        others.Select(CloneNaming.Digest).Distinct().Count().ShouldBe(others.Length);
        CloneNaming.Digest(request).ShouldBe(CloneNaming.Digest(request with { RequestId = Guid.NewGuid() }));
    }
}
