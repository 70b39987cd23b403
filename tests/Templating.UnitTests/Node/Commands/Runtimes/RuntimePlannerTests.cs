using System.Text;
using CsCheck;
using Templating.Contract;
using Templating.Node.Commands.Runtimes;
using Tomlyn.Model;

namespace Templating.UnitTests.Node.Commands.Runtimes;

/// <summary>What is changed of a node for the runtime, and what is refused.</summary>
public sealed class RuntimePlannerTests : IDisposable
{
    private const string Version2 = """
        version = 2
        root = "/var/lib/containerd"
        disabled_plugins = ["io.containerd.snapshotter.v1.aufs"]

        [plugins."io.containerd.grpc.v1.cri".containerd]
          default_runtime_name = "runc"

          [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
            runtime_type = "io.containerd.runc.v2"

            [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
              SystemdCgroup = true
        """;

    private const string Version3 = """
        version = 3

        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
          runtime_type = 'io.containerd.runc.v2'
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t-");
    private readonly RuntimeTarget _target;
    private ContainerdAnswer? _containerd = new("1.6.20", ServesKubelet: true, new HashSet<string> { "runc" }, []);

    public RuntimePlannerTests()
    {
        _target = new RuntimeTarget
        {
            Shim = In("shim"),
            BinFolder = In("bin"),
            ConfigPath = In("config.toml"),
            OptionsPath = In("options/shim.toml"),
        };
        File.WriteAllText(_target.Shim, "a shim");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(Version2, "io.containerd.grpc.v1.cri")]
    [InlineData(Version3, "io.containerd.cri.v1.runtime")]
    public void TheRuntimeStandsBesideThoseThatWereThere(string config, string plugin)
    {
        File.WriteAllText(_target.ConfigPath, config);

        var changed = Encoding.UTF8.GetString(Install().Config.ShouldHaveSingleItem().New!);

        changed.ShouldStartWith(config);
        var runtimes = TomlTree.Find(TomlTree.TryParse(changed, out _)!, "plugins", plugin, "containerd", "runtimes")!;
        runtimes.Keys.ShouldBe(["runc", "templating"]);
        var ours = runtimes["templating"].ShouldBeOfType<TomlTable>();
        ours["runtime_type"].ShouldBe("io.containerd.templating.v2");
        TomlTree.Texts(ours, "pod_annotations").ShouldBe(["templating.dev/*"]);
        TomlTree.Find(ours, "options")!["ConfigPath"].ShouldBe(_target.OptionsPath);
    }

    [Theory]
    [InlineData(Version2)]
    [InlineData(Version2 + "\n")]
    [InlineData(Version3)]
    [InlineData("version = 2")]
    public void TakingItOutGivesBackTheFileThatWas(string config)
    {
        File.WriteAllText(_target.ConfigPath, config);
        Apply(Install());

        var plan = Uninstall();

        Encoding.UTF8.GetString(plan.Config.ShouldHaveSingleItem().New!).ShouldBe(config);
        Apply(plan);
        Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).ShouldBe([_target.Shim, _target.ConfigPath], ignoreOrder: true);
        Uninstall().Files.ShouldAllBe(f => !f.IsChanged);
    }

    [Fact]
    public void OfAFileWithoutRuntimesContainerdKeepsItsOwn()
    {
        // containerd 1.6: [M] 'config dump' of a file with another runtime alone has no runc any more.
        File.WriteAllText(_target.ConfigPath, "version = 2\n");

        var tree = TomlTree.TryParse(Encoding.UTF8.GetString(Install().Config[0].New!), out _)!;

        var runtimes = TomlTree.Find(tree, "plugins", "io.containerd.grpc.v1.cri", "containerd", "runtimes")!;
        TomlTree.Find(runtimes, "runc")!["runtime_type"].ShouldBe("io.containerd.runc.v2");
    }

    [Fact]
    public void OnceInstalledNothingIsLeftToDo()
    {
        File.WriteAllText(_target.ConfigPath, Version2);
        var first = Install();
        first.NeedsRestart.ShouldBeTrue();
        first.Files.ShouldAllBe(f => f.IsChanged);
        Apply(first);

        _containerd = _containerd! with { Handlers = new HashSet<string> { "runc", "templating" } };
        Install().IsDone.ShouldBeTrue();

        _containerd = _containerd with { Handlers = new HashSet<string> { "runc" } };
        Install().NeedsRestart.ShouldBeTrue();
    }

    [Fact]
    public void ANewShimTakesThePlaceOfTheOldOneWithoutARestart()
    {
        File.WriteAllText(_target.ConfigPath, Version2);
        Apply(Install());
        _containerd = _containerd! with { Handlers = new HashSet<string> { "runc", "templating" } };
        File.WriteAllText(_target.Shim, "a newer shim");

        var plan = Install();

        plan.NeedsRestart.ShouldBeFalse();
        plan.Files.Where(f => f.IsChanged).ShouldHaveSingleItem().Path.ShouldBe(_target.ShimPath);
    }

    [Fact]
    public void AFolderThatVersion3ImportsGetsAFileOfItsOwn()
    {
        var config = $"imports = ['{In("conf.d")}/*.toml']\n{Version3}";
        File.WriteAllText(_target.ConfigPath, config);

        var file = Install().Config.ShouldHaveSingleItem();

        file.Path.ShouldBe(In("conf.d/templating.toml"));
        file.Old.ShouldBeNull();
        Apply(Install());
        File.ReadAllText(_target.ConfigPath).ShouldBe(config);
        Uninstall().Config.Single(f => f.IsChanged).New.ShouldBeNull();
    }

    [Fact]
    public void AFolderThatVersion2ImportsIsNotUsed()
    {
        // containerd 1.x would take all of the plugin's table from the file there.
        File.WriteAllText(_target.ConfigPath, $"imports = ['{In("conf.d")}/*.toml']\n{Version2}");
        Install().Config.ShouldHaveSingleItem().Path.ShouldBe(_target.ConfigPath);
    }

    [Fact]
    public void OptionsThatAnAdministratorWroteStay()
    {
        File.WriteAllText(_target.ConfigPath, Version2);
        Directory.CreateDirectory(In("options"));
        File.WriteAllText(_target.OptionsPath, "template = \"mine\"\n");

        Install().Before.Single(f => f.Path == _target.OptionsPath).IsChanged.ShouldBeFalse();
        Uninstall().After.Single(f => f.Path == _target.OptionsPath).IsChanged.ShouldBeFalse();
    }

    [Fact]
    public void OptionsThatAreGivenTakeThePlaceOfOthersAndGoWithTheShim()
    {
        File.WriteAllText(_target.ConfigPath, Version2);
        File.WriteAllText(In("given.toml"), "template = \"given\"\n");
        Apply(Plan(_target with { OptionsFrom = In("given.toml") }, p => p.Install()));

        File.ReadAllText(_target.OptionsPath).ShouldEndWith("template = \"given\"\n");
        Uninstall().After.Single(f => f.Path == _target.OptionsPath).New.ShouldBeNull();
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "", "Its version is 1" },
        { "version = 1\n", "Its version is 1" },
        { "version = 4\n", "Its version is 4" },
        { "version = 2\n[", "cannot be read as TOML" },
        { "version = 2\nversion = 2\n", "cannot be read as TOML" },
        { "version = 2\n[a]\n[a]\n", "cannot be read as TOML" },
        { "version = 2\ndisabled_plugins = ['io.containerd.grpc.v1.cri']\n", "serves no kubelet" },
        { "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.templating]\nruntime_type = 'x'\n", "has a runtime 'templating'" },
        { "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\nruntimes = {runc = {runtime_type = 'x'}}\n", "by lines of its own" },
        { "version = 2\nplugins = 1\n", "by lines of its own" },
        { "version = 2\n# BEGIN templating.dev\n", "were changed" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatCannotBeDoneSafelyIsRefusedWithTheReason(string config, string reason)
    {
        File.WriteAllText(_target.ConfigPath, config);
        Faults(p => p.Install()).ShouldHaveSingleItem().Description.ShouldContain(reason);
    }

    [Fact]
    public void ALinkInThePlaceOfTheConfigurationIsNotReplaced()
    {
        File.WriteAllText(In("real.toml"), Version2);
        File.CreateSymbolicLink(_target.ConfigPath, In("real.toml"));
        Faults(p => p.Install()).ShouldHaveSingleItem().Description.ShouldContain("symbolic link");
    }

    [Fact]
    public void AllThatIsInTheWayIsToldTogether()
    {
        File.Delete(_target.Shim);
        _containerd = _containerd! with { ServesKubelet = false, SearchPath = ["/usr/bin"] };

        Faults(p => p.Install()).Select(f => f.Field).ShouldBe(["containerd", "--bin-folder", _target.Shim, _target.ConfigPath], ignoreOrder: true);

        _containerd = null;
        Faults(p => p.Install()).Select(f => f.Field).ShouldBe(["containerd", _target.Shim, _target.ConfigPath], ignoreOrder: true);
    }

    [Fact]
    public void AnImportThatWouldTakeThePlaceOfOursIsRefusedWhereContainerdMergesSo()
    {
        File.WriteAllText(_target.ConfigPath, $"imports = ['other.toml']\n{Version2}");
        File.WriteAllText(In("other.toml"), "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'x'\n");

        Faults(p => p.Install()).ShouldHaveSingleItem().Description.ShouldContain("containerd 1.x takes all of");

        _containerd = _containerd! with { Version = "v2.1.9" };
        Faults(p => p.Install()).ShouldBeEmpty();
    }

    [Fact]
    public void KeysThatSomebodyWroteBelowOursAreNotGivenToAnotherTable()
    {
        File.WriteAllText(_target.ConfigPath, Version2);
        Apply(Install());
        File.AppendAllText(_target.ConfigPath, "snapshotter = 'x'\n");
        Faults(p => p.Uninstall()).ShouldHaveSingleItem().Field.ShouldBe(_target.ConfigPath);

        File.WriteAllText(_target.ConfigPath, File.ReadAllText(_target.ConfigPath).Replace("snapshotter = 'x'", "[debug]\nlevel = 'debug'"));
        Encoding.UTF8.GetString(Uninstall().Config[0].New!).ShouldBe(Version2 + "\n[debug]\nlevel = 'debug'\n");
    }

    /// <summary>Whatever the file says: it is refused, or the rest stays byte for byte and the runtime comes out again without a trace.</summary>
    [Fact]
    public void OtherRuntimesStayByteForByteInAnyFile()
    {
        var lines = Gen.OneOf(
            Gen.Const("[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]"), Gen.Const("[plugins.'io.containerd.grpc.v1.cri']"),
            Gen.Const("  runtime_type = \"io.containerd.runc.v2\" # as ever"), Gen.Const("[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.\"a b\"]"),
            Gen.Const("text = '''"), Gen.Const("'''"), Gen.Const("# END templating"), Gen.Const("[[list]]"), Gen.Const("x = 1979-05-27T07:32:00Z"), Gen.Const("y = [1, 2,"), Gen.Const("]"), Gen.Const("z = {a.b = 1.5}"));
        Gen.Select(lines.List[0, 12], Gen.OneOf(Gen.Const("\n"), Gen.Const("\r\n")), Gen.Bool).Sample((body, end, isOpen) =>
        {
            var text = "version = 2" + end + string.Join(end, body) + (isOpen ? "" : end);
            File.WriteAllText(_target.ConfigPath, text);
            var faults = new Faults();
            var plan = new RuntimePlanner(_target, _containerd, faults).Install();
            if (faults.All.Count > 0)
            {
                return true;
            }

            var changed = Encoding.UTF8.GetString(plan.Config[0].New!);
            return changed.StartsWith(text, StringComparison.Ordinal) && RuntimeBlock.Remove(changed) == text;
        }, threads: 1, iter: 300);
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private RuntimePlan Install() => Plan(_target, p => p.Install());

    private RuntimePlan Uninstall() => Plan(_target, p => p.Uninstall());

    private RuntimePlan Plan(RuntimeTarget target, Func<RuntimePlanner, RuntimePlan> make)
    {
        var faults = new Faults();
        var plan = make(new RuntimePlanner(target, _containerd, faults));
        faults.All.ShouldBeEmpty();
        return plan;
    }

    private IReadOnlyList<FieldViolation> Faults(Func<RuntimePlanner, RuntimePlan> make)
    {
        var faults = new Faults();
        _ = make(new RuntimePlanner(_target, _containerd, faults));
        return faults.All;
    }

    private static void Apply(RuntimePlan plan)
    {
        foreach (var file in plan.Files.Where(f => f.IsChanged))
        {
            HostFiles.Put(file);
        }
    }
}
