using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Templates;
using Templating.V1;

namespace Templating.UnitTests.Cli.Templates;

public sealed class SpecFileTests
{
    private const string Yaml = """
        # a web server
        guest:
          kernel_path: /boot/vmlinuz
          commandLine: "console=ttyS0"
          image_paths: [/images/root.img]
        machine: {vcpus: 2, memory_bytes: 512MiB, accelerator: tcg}
        readiness:
          timeout: 2m
          wait_for_boot: false
          warm_up:
            - curl -s localhost
            - [/bin/true]
            - arguments: [/bin/echo, "1"]
        network:
          outbound: true
          forwards:
            - guest_port: 80
        """;

    private static readonly TemplateSpec Expected = new()
    {
        Guest = new GuestSpec { KernelPath = "/boot/vmlinuz", CommandLine = "console=ttyS0", ImagePaths = { "/images/root.img" } },
        Machine = new MachineSpec { Vcpus = 2, MemoryBytes = 512L << 20, Accelerator = Accelerator.Tcg },
        Readiness = new ReadinessSpec
        {
            Timeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(2)),
            WaitForBoot = false,
            WarmUp =
            {
                new Command { Arguments = { "/bin/sh", "-c", "curl -s localhost" } },
                new Command { Arguments = { "/bin/true" } },
                new Command { Arguments = { "/bin/echo", "1" } },
            },
        },
        Network = new NetworkSpec { Outbound = true, Forwards = { new PortForward { GuestPort = 80 } } },
    };

    [Fact]
    public void YamlIsReadWithTheWordsOfTheWireAndThoseOfPeople() => SpecFile.Parse("web.yaml", Yaml).Spec.ShouldBe(Expected);

    [Fact]
    public void WhatOneCommandPrintsAsJsonAnotherReads() =>
        SpecFile.Parse("web.json", ProtoJson.Text(ProtoJson.Tree(Expected))).Spec.ShouldBe(Expected);

    [Fact]
    public void WhatOneCommandPrintsAsYamlAnotherReads() =>
        SpecFile.Parse("web.yaml", YamlText.Of(ProtoJson.Tree(Expected))).Spec.ShouldBe(Expected);

    [Fact]
    public void AllFaultsAreListedWithTheirPaths()
    {
        var failure = Should.Throw<CliException>(() => SpecFile.Parse("web.yaml", """
            guest: {kernelpath: /boot/vmlinuz, command_line: 7}
            machine: {vcpus: two, memory_bytes: 1MB, accelerator: hvf, vcpu: 1}
            readiness: {timeout: 30, warm_up: yes please}
            network: [1]
            extra: 1
            """));
        failure.ExitCode.ShouldBe(ExitCode.Usage);
        failure.Violations.Select(v => v.Field).ShouldBe(
            [
                "guest.kernelpath", "guest.command_line", "machine.vcpus", "machine.memory_bytes", "machine.accelerator", "machine.vcpu",
                "readiness.timeout", "readiness.warm_up", "network", "extra",
            ],
            ignoreOrder: true);
        failure.Violations.Single(v => v.Field is "guest.kernelpath").Description.ShouldContain("kernel_path");
        failure.Violations.Single(v => v.Field is "machine.accelerator").Description.ShouldContain("kvm, tcg");
    }

    /// <summary>As Windows' editors save it; the others are told what it is.</summary>
    [Fact]
    public async Task AByteOrderMarkIsNoPartOfTheSpecAndUtf16IsNamed()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, Yaml.ReplaceLineEndings("\r\n"), new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
            (await SpecFile.ReadAsync(null!, path, CancellationToken.None)).Spec.ShouldBe(Expected);

            await File.WriteAllTextAsync(path, Yaml, System.Text.Encoding.Unicode);
            var failure = await Should.ThrowAsync<CliException>(() => SpecFile.ReadAsync(null!, path, CancellationToken.None));
            failure.ExitCode.ShouldBe(ExitCode.Usage);
            failure.Message.ShouldBe($"{path} is UTF-16; save it as UTF-8.");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("guest: {kernel_path: a, kernel_path: b}", "twice")]
    [InlineData("guest: &a {kernel_path: b}\nmachine: *a", "aliases")]
    [InlineData("guest: !!str x", "tags")]
    [InlineData("guest: {\n", "web.yaml:")]
    [InlineData("a: 1\n---\nb: 2", "second document")]
    public void WhatIsNoPlainDocumentIsRefusedWithItsPlace(string text, string word) =>
        Should.Throw<CliException>(() => SpecFile.Parse("web.yaml", text)).Message.ShouldContain(word);

    [Fact]
    public void AFieldUnderBothItsNamesIsRefused() =>
        Should.Throw<CliException>(() => SpecFile.Parse("f", "guest: {kernel_path: a, kernelPath: b}"))
            .Violations.ShouldHaveSingleItem().Field.ShouldBe("guest.kernelPath");

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("text")]
    public void ADocumentThatIsNoMappingIsRefused(string text) =>
        Should.Throw<CliException>(() => SpecFile.Parse("f", text)).Violations.ShouldHaveSingleItem().Field.ShouldBe("(document)");

    [Theory]
    [InlineData("machine: {hugepages: true}", "machine.hugepages", "Huge pages are not possible")]
    [InlineData("machine: {enable_hugepages: true}", "machine.enable_hugepages", "Huge pages are not possible")]
    [InlineData("sharedFs: virtio-fs", "sharedFs", "virtio-fs and vhost-user are not possible")]
    [InlineData("network: {vhost-user: /run/s}", "network.vhost-user", "virtio-fs and vhost-user are not possible")]
    [InlineData("machine: {vfio: [0000:01:00.0]}", "machine.vfio", "Devices of the host (VFIO) are not possible")]
    public void WhatAFrozenMachineCannotHaveIsRefusedWithTheReason(string text, string field, string reason)
    {
        var fault = Should.Throw<CliException>(() => SpecFile.Parse("f", text)).Violations.ShouldHaveSingleItem();

        fault.Field.ShouldBe(field);
        fault.Description.ShouldContain(reason);
    }

    [Fact]
    public void DeepNestingIsRefusedBeforeItHurts() =>
        Should.Throw<CliException>(() => SpecFile.Parse("f", new string('[', 10_000))).Message.ShouldContain("deeper");

    [Fact]
    public async Task AFileThatIsTooLargeIsNotReadWhole()
    {
        using var endless = new MemoryStream(new byte[SpecFile.MaxBytes + 1]);
        var failure = await Should.ThrowAsync<CliException>(
            SpecFile.ReadAsync(CliHost.OfProcess() with { StandardInput = () => endless }, "-", CancellationToken.None));
        failure.Message.ShouldContain("1MiB");
    }
}
