using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Shim.Errors;
using Templating.Shim.Options;
using Templating.Testing;

namespace Templating.ShimTests.Options;

public sealed class ShimOptionsTests
{
    [Fact]
    public void WithoutOptionsAHandlerHasTheDefaults()
    {
        ShimOptions.Read(null).ShouldBe(ShimOptions.Default);
        ShimOptions.Read(new Any()).ShouldBe(ShimOptions.Default);
        ShimOptions.Read(Pass(new())).ShouldBe(ShimOptions.Default);
        ShimOptions.Default.Daemon.ToString().ShouldBe("unix:///run/templating/templating.sock");
        ShimOptions.Default.Template.ShouldBe("sandbox");
    }

    [Fact]
    public void WhatContainerdPassesOnOfItsOwnConfigurationIsTaken()
    {
        const string Body = """
            TypeUrl = ""
            daemon = "unix:///run/other.sock"
            template = "web"
            allow_pod_template = true
            tenant = "team-a"
            start_timeout_seconds = 20
            image_timeout_seconds = 300
            daemon_patience_seconds = 0
            """;

        var options = ShimOptions.Read(Pass(new() { ConfigBody = ByteString.CopyFromUtf8(Body) }));

        options.Daemon.SocketPath.ShouldBe("/run/other.sock");
        (options.Template, options.AllowPodTemplate, options.Tenant).ShouldBe(("web", true, "team-a"));
        (options.StartTimeout, options.ImageTimeout, options.DaemonPatience).ShouldBe((TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(300), TimeSpan.Zero));
    }

    [Fact]
    public void AFileIsReadWhereContainerdNamesOne()
    {
        using var folder = new TempFolder();
        var path = folder.Write("shim.toml", "template = \"web@0123456789abcdef0123456789abcdef\" # the newest\n");

        ShimOptions.Read(Pass(new() { ConfigPath = path })).Template.ShouldBe("web@0123456789abcdef0123456789abcdef");
    }

    [Fact]
    public void AllFaultsAreToldTogether()
    {
        const string Body = """
            daemon = "https://other:1234"
            template = "Web"
            allow_pod_template = "yes"
            tenant = "a_b"
            start_timeout_seconds = 0
            image_timeout_seconds = 1.5
            templat = "web"
            [more]
            """;

        var message = Refusal(Body);

        foreach (var name in (string[])["daemon", "template", "allow_pod_template", "tenant", "start_timeout_seconds", "image_timeout_seconds", "'templat'", "no tables"])
        {
            message.ShouldContain(name);
        }
    }

    [Theory]
    [InlineData("template = ")]
    [InlineData("template = \"a\"\ntemplate = \"b\"")]
    [InlineData("\0")]
    public void WhatIsNoTomlIsRefusedWithItsLine(string body) => Refusal(body).ShouldContain("line ");

    [Fact]
    public void OptionsOfAnotherRuntimeAreRefusedByTheirName()
    {
        var runc = new Any { TypeUrl = "containerd.runc.v1.Options", Value = ByteString.CopyFromUtf8("x") };

        Should.Throw<ShimException>(() => ShimOptions.Read(runc)).Message.ShouldContain("'containerd.runc.v1.Options'");
    }

    [Fact]
    public void AFileThatIsNotThereIsTold() =>
        Should.Throw<ShimException>(() => ShimOptions.Read(Pass(new() { ConfigPath = "/nowhere/shim.toml" }))).Message.ShouldContain("/nowhere/shim.toml");

    private static string Refusal(string body) =>
        Should.Throw<ShimException>(() => ShimOptions.Read(Pass(new() { ConfigBody = ByteString.CopyFrom(Encoding.UTF8.GetBytes(body)) }))).Message;

    /// <summary>As containerd writes it: without a prefix before the name.</summary>
    private static Any Pass(Shim.Protocol.RuntimeOptions.Options options) => new() { TypeUrl = "runtimeoptions.v1.Options", Value = options.ToByteString() };
}
