using System.Reflection;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Node.Commands.Serve;
using Templating.Node.Options;
using Templating.UnitTests.Cli.Fakes;

namespace Templating.UnitTests.Node.Commands.Serve;

public sealed class SettingsTests
{
    [Fact]
    public void EveryOptionOfTheDaemonHasASettingAndEverySettingAnOption()
    {
        Settings.All.Select(s => s.Property).Order(StringComparer.Ordinal)
            .ShouldBe(Properties(typeof(NodeOptions), "").Order(StringComparer.Ordinal));
        Settings.All.Select(s => s.Flag).ShouldBeUnique();
        Settings.All.Select(s => s.FieldPath).ShouldBeUnique();
    }

    [Fact]
    public void EverySettingSaysItsDefaultOrWhatItIsNeededWith() =>
        Settings.All.Where(s => !s.Description.Contains("(default", StringComparison.Ordinal) && !s.Description.Contains("(needed with --", StringComparison.Ordinal))
            .Select(s => s.Flag).ShouldBeEmpty();

    [Fact]
    public void TheDefaultsThatHelpSaysAreInForce()
    {
        var (options, users) = (new NodeOptions(), new VmUserRange());
        Said("--guest-folders").ShouldContain($"(default {string.Join(" and ", options.GuestFolders)})");
        Said("--vm-users-first-uid").ShouldContain($"(default {users.FirstUid})");
        Said("--vm-users-count").ShouldContain($"(default {users.Count};");
        Said("--max-clones").ShouldContain($"(default {options.MaxClones})");
        Said("--pods").ShouldContain($"(default {(options.Pods ? "on" : "off")})");

        static string Said(string flag) => Settings.All.Single(s => s.Flag == flag).Description;
    }

    [Theory]
    [InlineData("utf-8", "")]
    [InlineData("utf-16", "is UTF-16")]
    [InlineData("utf-32", "is UTF-32")]
    public void AByteOrderMarkIsNoPartOfTheFileAndOtherEncodingsAreNamed(string encoding, string problem)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{"maxClones": 5}""", System.Text.Encoding.GetEncoding(encoding));
            if (problem.Length == 0)
            {
                Read(file, _ => null, _ => []).MaxClones.ShouldBe(5);
            }
            else
            {
                var fault = Should.Throw<CliException>(() => Read(file, _ => null, _ => [])).Violations.ShouldHaveSingleItem();
                fault.Field.ShouldBe(file);
                fault.Description.ShouldContain(problem);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("off", false)]
    [InlineData("ON", true)]
    public void ASwitchIsOnOrOff(string word, bool on) => Read(null, _ => null, s => s.Flag is "--pods" ? [word] : []).Pods.ShouldBe(on);

    [Fact]
    public void AFlagBeatsTheEnvironmentAndThatTheFile()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """
            {
              // comments are fine
              "storePath": "/file", "runPath": "/file", "maxClones": 5, "memoryBudget": "4GiB", "logFormat": "json",
              "tcp": {"address": "0.0.0.0:1", "keyPath": "/file"}, "vmUsers": {"count": 0},
              "guestFolders": ["/a", "/b"], "shutdownTimeout": "3s", "policyPath": null,
            }
            """);
        var options = Read(
            file,
            name => name switch { "TEMPLATING_RUN_PATH" => "/env", "TEMPLATING_MAX_CLONES" => "6", "TEMPLATING_TCP_KEY_PATH" => "/env", _ => null },
            setting => setting.Flag is "--max-clones" ? ["7"] : []);
        File.Delete(file);
        options.StorePath.ShouldBe("/file");
        options.RunPath.ShouldBe("/env");
        options.MaxClones.ShouldBe(7);
        options.MemoryBudgetBytes.ShouldBe(4L << 30);
        options.LogFormat.ShouldBe(LogFormat.Json);
        options.Tcp!.Address.ShouldBe("0.0.0.0:1");
        options.Tcp.KeyPath.ShouldBe("/env");
        options.VmUsers!.Count.ShouldBe(0);
        options.GuestFolders.ShouldBe(["/a", "/b"]);
        options.ShutdownTimeout.ShouldBe(TimeSpan.FromSeconds(3));
        options.PolicyPath.ShouldBeNull();
        options.MemoryOvercommit.ShouldBe(1);
    }

    [Fact]
    public void WithNothingGivenTheDefaultsStay()
    {
        var options = Read(null, _ => null, _ => []);
        options.StorePath.ShouldBe(new NodeOptions().StorePath);
        options.Tcp.ShouldBeNull();
        options.VmUsers.ShouldBeNull();
    }

    [Fact]
    public void AllFaultsOfAllSourcesAreListed()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """{"stroePath": "/x", "runPath": ["/x"], "tcp": {"adress": "x"}, "vmUsers": 3, "maxClones": 1, "maxClones": 2, "collectInterval": 5}""");
        var failure = Should.Throw<CliException>(() => Read(
            file, name => name is "TEMPLATING_LOG_LEVEL" ? "loud" : null, setting => setting.Flag is "--memory-overcommit" ? ["x"] : []));
        File.Delete(file);
        failure.Violations.Select(v => v.Field.Replace(file, "F", StringComparison.Ordinal)).ShouldBe(
            ["F: stroePath", "F: runPath", "F: tcp.adress", "F: vmUsers", "F: maxClones", "F: collectInterval", "TEMPLATING_LOG_LEVEL", "--memory-overcommit"],
            ignoreOrder: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\": ")]
    public void AFileThatIsNoObjectIsRefused(string text)
    {
        var faults = new List<FieldViolation>();
        ConfigFile.Parse("f", text, faults).ShouldBeEmpty();
        faults.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AMissingConfigurationFileIsAnError()
    {
        var run = await CliRun.OfAsync("serve", "--config", "/nonexistent/config.json");
        run.Code.ShouldBe(ExitCode.Failure);
        run.Error.ShouldContain("/nonexistent/config.json");
    }

    [Fact]
    public async Task FlagsReachTheDaemonWhichRefusesAllThatIsWrongAtOnce()
    {
        var run = await CliRun.OfAsync("serve", "--store-path", "relative", "--socket-mode", "9", "--guest-folders", "/a", "--guest-folders", "b");
        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain("'relative'");
        run.Error.ShouldContain("--socket-mode");
        run.Error.ShouldContain("'b'");
    }

    [Fact]
    public async Task EveryFaultNamesTheOptionAsItWasGivenAndNoPropertyOfOurs()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"maxClones": 0, "vmUsers": {"firstUid": 0}, "readinessTimeout": "0s", "maxDownload": "1"}""");
        string[] arguments =
        [
            "serve", "--config", file, "--store-path", "relative", "--socket-mode", "9", "--tcp-address", "::1", "--guest-folders", "folder", "--memory-overcommit", "0.5",
            "--node-name", "A!", "--clone-overhead", "20TiB", "--memory-budget", "1", "--kubelet-path", "b/", "--socket-group", "nosuch", "--download-hosts", "a b",
            "--max-connections", "1", "--max-calls-per-caller", "1", "--kvm-devices", "0", "--collect-interval", "1000d", "--policy-path", "/nowhere/p",
        ];
        var run = await CliRun.OfAsync(
            host => host with { Environment = name => name is "TEMPLATING_RUN_PATH" ? "/run/" + new string('x', 200) : name is "TEMPLATING_SHUTDOWN_TIMEOUT" ? "1d" : null },
            arguments, CancellationToken.None);
        File.Delete(file);

        run.Code.ShouldBe(ExitCode.Usage);
        foreach (var source in arguments.Where(a => a.StartsWith("--", StringComparison.Ordinal) && a != "--config")
            .Concat(["TEMPLATING_RUN_PATH", "TEMPLATING_SHUTDOWN_TIMEOUT", $"{file}: maxClones", $"{file}: vmUsers.firstUid", $"{file}: readinessTimeout", $"{file}: maxDownload"])
            .Concat(["--tcp-certificate-path", "--tcp-key-path", "--tcp-client-ca-path"]))
        {
            run.Error.ShouldContain($"\n  {source}: ");
        }

        foreach (var property in Settings.All.SelectMany(s => s.Property.Split('.')).Where(p => p.Length > 5))
        {
            run.Error.ShouldNotContain(property, Case.Sensitive);
        }

        run.Error.ShouldContain($"{file}: maxClones: '0' is not allowed. It must be between 1 and 100000.");
        run.Error.ShouldContain("--memory-budget: '1' is not allowed. It must be at least 64MiB.");
        run.Error.ShouldNotContain("E+");
    }

    private static NodeOptions Read(string? path, Func<string, string?> environment, Func<Setting, string[]> flag)
    {
        var host = CliHost.OfProcess() with { Environment = environment };
        using var context = new CliContext(new Globals(host), new System.CommandLine.RootCommand().Parse([]));
        return ServeCommand.Read(context, path, flag);
    }

    private static IEnumerable<string> Properties(Type type, string prefix) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(p => p.PropertyType.IsClass && p.PropertyType.Namespace == typeof(NodeOptions).Namespace
            ? Properties(p.PropertyType, p.Name + ".")
            : [prefix + p.Name]);
}
