using k8s.Models;
using Templating.Kubernetes.Resources;

namespace Templating.OperatorTests.Contract;

internal static class TemplateCases
{
    private static readonly string Digest = Text(64, '0');

    public static IEnumerable<Case<VMTemplate>> All =>
    [
        new("nothing but a kernel", _ => { }, true),
        .. Names, .. Machines, .. Models, .. Sources, .. CommandLines, .. WarmUps, .. Timeouts, .. Boots, .. Sandboxes,
    ];

    private static IEnumerable<Case<VMTemplate>> Names =>
    [
        Name("a", true), Name(Text(52), true), Name(Text(53), false), Name("a.b", false), Name("A", false), Name("-a", false), Name("a-", false) with { Unseen = Unseen.Name },
    ];

    private static IEnumerable<Case<VMTemplate>> Machines =>
    [
        Machine("vcpus -1", m => m.Vcpus = -1, false),
        Machine("vcpus 0", m => m.Vcpus = 0, false) with { Unseen = Unseen.Unset },
        Machine("vcpus 1", m => m.Vcpus = 1, true),
        Machine("vcpus 64", m => m.Vcpus = 64, true),
        Machine("vcpus 65", m => m.Vcpus = 65, false),
        Machine("maxVcpus as vcpus", m => (m.Vcpus, m.MaxVcpus) = (4, 4), true),
        Machine("maxVcpus below vcpus", m => (m.Vcpus, m.MaxVcpus) = (4, 3), false, Beyond.Fields),
        Machine("maxVcpus 0", m => m.MaxVcpus = 0, false) with { Unseen = Unseen.Unset },
        Machine("maxVcpus 64", m => m.MaxVcpus = 64, true),
        Machine("maxVcpus 65", m => m.MaxVcpus = 65, false),
        Memory("30Mi", false), Memory("32Mi", true), Memory("33Mi", false), Memory("34Mi", true), Memory("33554432", true), Memory("33554431", false),
        Memory("1Ti", true), Memory("1048578Mi", false), Memory("64000k", false),
        Memory("0", false) with { Unseen = Unseen.Unset },
        Memory("-32Mi", false) with { Unseen = Unseen.Unset },
        Memory("33554432500m", false) with { Unseen = Unseen.Unset },
        MaxMemory("64Mi", "64Mi", true), MaxMemory("64Mi", "62Mi", false), MaxMemory("64Mi", "65Mi", false), MaxMemory("64Mi", "1Ti", true),
        MaxMemory("64Mi", "1048578Mi", false), MaxMemory(null, "256Mi", true), MaxMemory(null, "254Mi", false),
        MaxMemory("64Mi", "0", false) with { Unseen = Unseen.Unset },
    ];

    private static IEnumerable<Case<VMTemplate>> Models =>
    [
        Type("q35", true), Type("pc-q35-10.0", true), Type("pc-q35-", false), Type("pc", false), Type("Q35", false), Type("q35\n", false),
        Type("pc-q35-10.0,sata=on", false), Type("pc-q35-" + Text(57), true), Type("pc-q35-" + Text(58), false),
        Type("", false) with { Unseen = Unseen.Unset },
        Model("max", true), Model("Skylake-Server-v5", true), Model("1.2_3", true), Model("max,+avx", false), Model("a+b", false), Model("a=b", false),
        Model("-a", false), Model(".a", false), Model("a\n", false), Model(Text(64), true), Model(Text(65), false),
        Model("", false) with { Unseen = Unseen.Unset },
        Machine("accelerator kvm", m => m.Accelerator = "kvm", true),
        Machine("accelerator tcg", m => m.Accelerator = "tcg", true),
        Machine("accelerator hvf", m => m.Accelerator = "hvf", false) with { Unseen = Unseen.Unset },
    ];

    private static IEnumerable<Case<VMTemplate>> Sources =>
    [
        Path("/a", true), Path("/a b/é.img", true), Path("/..a/.b", true),
        Path("", false), Path("/", false), Path("a", false), Path("/a/", false), Path("//a", false), Path("/a/./b", false), Path("/a/..", false),
        Path("/a\nb", false), Path("/a\n", false), Path("/a\0b", false), Path("/a\u0085b", false),
        Path("/" + Text(4094), true, name: "of 4,095 bytes"), Path("/" + Text(4095), false, name: "of 4,096 bytes"),
        Path("/" + Text(2047, 'é'), true, name: "of 4,095 bytes in characters of two"),
        Path("/" + Text(2048, 'é'), false, Beyond.Bytes, "of 4,097 bytes in characters of two"),
        Url("https://example.org/a", true), Url("HTTPS://example.org", true), Url("https://example.org:8443/a?b=c@d", true),
        Url("http://example.org/a", false), Url("https://", false), Url("https://user@example.org/a", false), Url("https://example.org/a#b", false),
        Url("https://example.org/a b", false), Url("https://example.org/é", false), Url("example.org/a", false),
        Url("https://[::1/a", false, Beyond.Host), Url("https://example.org:65536/a", false, Beyond.Host),
        Url("https://e/" + Text(2038), true), Url("https://e/" + Text(2039), false),
        Kernel("neither path nor url", new(), false),
        Kernel("both path and url", new() { Path = "/a", Url = "https://example.org/a", Sha256 = Digest }, false),
        Kernel("a url without a digest", new() { Url = "https://example.org/a" }, false, Beyond.Fields),
        Kernel("a path with a digest", new() { Path = "/a", Sha256 = Digest }, true),
        Kernel("a digest of 63", new() { Path = "/a", Sha256 = Digest[1..] }, false),
        Kernel("a digest of 65", new() { Path = "/a", Sha256 = Digest + "0" }, false),
        Kernel("a digest in upper case", new() { Path = "/a", Sha256 = Text(64, 'A') }, false),
        Kernel("an empty digest", new() { Path = "/a", Sha256 = "" }, false) with { Unseen = Unseen.Unset },
        new("a bad initrd", t => t.Spec.Guest.Initrd = new() { Path = "a" }, false),
        new("a bad image", t => t.Spec.Guest.Images = [new() { Path = "/a" }, new() { Path = "a" }], false),
        new("8 images", t => t.Spec.Guest.Images = [.. Enumerable.Repeat(new VMFileSource { Path = "/a" }, 8)], true),
        new("9 images", t => t.Spec.Guest.Images = [.. Enumerable.Repeat(new VMFileSource { Path = "/a" }, 9)], false),
    ];

    private static IEnumerable<Case<VMTemplate>> CommandLines => new (string Line, bool Legal)[]
    {
        ("", true), (" ~", true), (Text(2047), true), (Text(2048), false), ("a\nb", false), ("a\n", false), ("\u001f", false), ("\u007f", false), ("é", false),
    }.Select(c => new Case<VMTemplate>($"commandLine {c.Line}", t => t.Spec.Guest.CommandLine = c.Line, c.Legal));

    private static IEnumerable<Case<VMTemplate>> WarmUps =>
    [
        WarmUp("32 commands", true, null, [.. Enumerable.Repeat<string[]>(["true"], 32)]),
        WarmUp("33 commands", false, null, [.. Enumerable.Repeat<string[]>(["true"], 33)]),
        WarmUp("no argument", false, null, [[]]),
        WarmUp("256 arguments", true, null, [.. Arguments(256)]),
        WarmUp("257 arguments", false, null, [.. Arguments(257)]),
        WarmUp("an empty program", false, Beyond.First, [["", "a"]]),
        WarmUp("an empty argument", true, null, [["a", ""]]),
        WarmUp("an argument with a NUL", false, null, [["a", "b\0"]]),
        WarmUp("an argument with a line feed", true, null, [["a", "b\n"]]),
        WarmUp("16 KiB of arguments", true, null, [["a", Text((16 * 1024) - 3)]]),
        WarmUp("16 KiB and a byte of arguments", false, Beyond.Sum, [["a", Text((16 * 1024) - 2)]]),
        WarmUp("96 KiB of commands", true, null, [.. Enumerable.Repeat<string[]>([Text((16 * 1024) - 1)], 6)]),
        WarmUp("more than 96 KiB of commands", false, Beyond.Sum, [.. Enumerable.Repeat<string[]>([Text((16 * 1024) - 1)], 6), ["a"]]),
    ];

    private static IEnumerable<Case<VMTemplate>> Timeouts => new (int Seconds, bool Legal)[] { (-1, false), (0, false), (1, true), (3600, true), (3601, false) }
        .Select(c => new Case<VMTemplate>($"timeoutSeconds {c.Seconds}", t => t.Spec.Readiness = new() { TimeoutSeconds = c.Seconds }, c.Legal));

    private static IEnumerable<Case<VMTemplate>> Boots => new bool?[] { null, true, false }
        .Select(wait => new Case<VMTemplate>($"waitForBoot {wait}", t => t.Spec.Readiness = new() { WaitForBoot = wait }, true));

    private static IEnumerable<Case<VMTemplate>> Sandboxes => new bool?[] { null, true, false }
        .Select(sandbox => new Case<VMTemplate>($"sandbox {sandbox}", t => t.Spec.Sandbox = sandbox, true))
        .Append(new Case<VMTemplate>("sandbox with outbound", t => (t.Spec.Sandbox, t.Spec.Network) = (true, new VMNetwork { Outbound = true }), false, Beyond.Fields));

    private static string[][] Arguments(int count) => [[.. Enumerable.Repeat("a", count)]];

    private static string Text(int length, char filling = 'a') => new(filling, length);

    private static Case<VMTemplate> Name(string name, bool legal) => new($"metadata.name {name}", t => t.Metadata.Name = name, legal);

    private static Case<VMTemplate> Machine(string name, Action<VMMachine> change, bool legal, string? beyond = null) => new(
        name, t => change(t.Spec.Machine = new VMMachine()), legal, beyond);

    private static Case<VMTemplate> Memory(string memory, bool legal) =>
        Machine($"memory {memory}", m => m.Memory = new ResourceQuantity(memory), legal, legal ? null : Beyond.Quantity);

    private static Case<VMTemplate> MaxMemory(string? memory, string most, bool legal) => Machine(
        $"memory {memory} maxMemory {most}", m => (m.Memory, m.MaxMemory) = (memory is null ? null : new ResourceQuantity(memory), new ResourceQuantity(most)),
        legal, legal ? null : Beyond.Quantity);

    private static Case<VMTemplate> Type(string type, bool legal) => Machine($"type {type}", m => m.Type = type, legal);

    private static Case<VMTemplate> Model(string model, bool legal) => Machine($"cpuModel {model}", m => m.CpuModel = model, legal);

    private static Case<VMTemplate> Kernel(string name, VMFileSource kernel, bool legal, string? beyond = null) => new(name, t => t.Spec.Guest.Kernel = kernel, legal, beyond);

    private static Case<VMTemplate> Path(string path, bool legal, string? beyond = null, string? name = null) =>
        Kernel($"path {name ?? path}", new() { Path = path }, legal, beyond);

    private static Case<VMTemplate> Url(string url, bool legal, string? beyond = null) => Kernel($"url {url}", new() { Url = url, Sha256 = Digest }, legal, beyond);

    private static Case<VMTemplate> WarmUp(string name, bool legal, string? beyond, params string[][] commands) => new(
        name, t => t.Spec.Readiness = new() { WarmUp = [.. commands.Select(c => new VMCommand { Command = [.. c] })] }, legal, beyond);
}
