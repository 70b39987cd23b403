using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;
using Templating.Cli.Base;
using Templating.Cli.Clones;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Terminal.Tables;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Output;

public sealed class OutputTests
{
    private static readonly TimeProvider Clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(CliRun.Now);

    [Fact]
    public void ATableIsAlignedAndHasNoTrailingBlanks()
    {
        var columns = CliContext.Shown(CloneColumns.List(Clock, tenants: false), wide: false);
        var text = TableText.Render(columns, [Samples.Clone("web-1"), Samples.Clone("b")], terminal: false, _ => null);
        text.ShouldBe(
            "ID     TEMPLATE  STATE    READY  HOSTNAME  PORTS                AGE\n" +
            "web-1  web       Running  yes    web-1     127.0.0.1:40001->80   5m\n" +
            "b      web       Running  yes    b         127.0.0.1:40001->80   5m\n");
    }

    [Fact]
    public void ColoursAreForTerminalsAndNotWhereNoColorIsSet()
    {
        IReadOnlyList<Column<string>> columns = [new("WORD", w => w, Colour: _ => Color.Red)];
        TableText.Render(columns, ["x"], terminal: true, _ => null).ShouldContain("\u001b[");
        TableText.Render(columns, ["x"], terminal: false, _ => null).ShouldNotContain('\u001b');
        TableText.Render(columns, ["x"], terminal: true, name => name is "NO_COLOR" ? "1" : null).ShouldNotContain("\u001b[31m");
    }

    [Fact]
    public void AGuestCannotMoveTheCursorOfWhoListsIt()
    {
        var clone = Samples.Clone("web-1");
        clone.Identity.Hostname = "\u001b]0;owned\u0007\u009b2Jx\n";
        TableText.Render(CloneColumns.List(Clock, tenants: false), [clone], terminal: false, _ => null)
            .ShouldAllBe(c => c == '\n' || !char.IsControl(c));
    }

    [Fact]
    public void YamlQuotesWhatElseWouldBeNoText()
    {
        var tree = JsonNode.Parse("""
            {"a": "no", "b": "1", "c": "plain text", "d": 5, "e": true, "f": [], "g": {}, "h": ["x", {"i": null}], "j": "", "k": "a: b", "l": "l1\nl2", "m": "1:30"}
            """)!;
        YamlText.Of(tree).ShouldBe("""
            a: "no"
            b: "1"
            c: plain text
            d: 5
            e: true
            f: []
            g: {}
            h:
              - x
              - i: null
            j: ""
            k: "a: b"
            l: "l1\nl2"
            m: "1:30"

            """);
    }

    [Fact]
    public void YamlReadsBackAsTheSameTree() => CsCheck.Check.Sample(CsCheck.Gen.String, text =>
    {
        // The reader takes no lone surrogates, as no UTF-8 file has any.
        var word = new string([.. text.Where(c => !char.IsSurrogate(c))]);
        var tree = new JsonObject { ["k"] = new JsonArray(JsonValue.Create(word)) };
        var again = YamlTree.Parse("f", YamlText.Of(tree));
        JsonNode.DeepEquals(again, tree).ShouldBeTrue();
    });

    [Fact]
    public void JsonIsTheCanonicalOfProtocolBuffers() =>
        ProtoJson.Text(ProtoJson.Tree(new PortForward { GuestPort = 80, HostAddress = "::1" })).ShouldBe("""
            {
              "guestPort": 80,
              "hostAddress": "::1"
            }

            """);

    [Fact]
    public void ListsAreThereWhenTheyAreEmpty()
    {
        var tree = ProtoJson.Tree(new ListClonesResponse { Clones = { new VmClone { Id = "a", Network = new NetworkSpec(), Total = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) } } });
        var clone = tree["clones"]![0]!;
        clone["network"]!["forwards"]!.AsArray().ShouldBeEmpty();
        clone["phases"]!.AsArray().ShouldBeEmpty();
        clone["labels"]!.AsObject().ShouldBeEmpty();
        clone["total"]!.GetValue<string>().ShouldBe("1s");
        clone.AsObject().ContainsKey("identity").ShouldBeFalse();
    }

    [Fact]
    public void NothingIsLostByTheLists()
    {
        var clone = Samples.Clone("web-1");
        Google.Protobuf.JsonParser.Default.Parse<VmClone>(ProtoJson.Text(ProtoJson.Tree(clone))).ShouldBe(clone);
        var template = Samples.Template("web");
        Google.Protobuf.JsonParser.Default.Parse<Template>(ProtoJson.Text(ProtoJson.Tree(template))).ShouldBe(template);
    }

    [Theory]
    [InlineData(-3, "0s")]
    [InlineData(5, "5s")]
    [InlineData(119, "119s")]
    [InlineData(180, "3m")]
    [InlineData(7200, "2h")]
    [InlineData(4 * 86400, "4d")]
    public void AgesHaveOneUnit(int seconds, string text) =>
        Age.Of(Timestamp.FromDateTimeOffset(CliRun.Now.AddSeconds(-seconds)), Clock).ShouldBe(text);
}
