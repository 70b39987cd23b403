using Templating.Kubernetes.Resources;

namespace Templating.OperatorTests.Contract;

internal static class CloneCases
{
    private const int KiB = 1024;

    public static IEnumerable<Case<VMCloneSpec>> All =>
    [
        new("nothing but a template", _ => { }, true),
        .. Environment, .. UserData, .. Files, .. Hostnames, .. Ports, .. Timeouts,
    ];

    private static IEnumerable<Case<VMCloneSpec>> Environment =>
    [
        Env("256 variables", true, null, [.. Enumerable.Range(0, 256).Select(i => ($"A{i}", ""))]),
        Env("257 variables", false, null, [.. Enumerable.Range(0, 257).Select(i => ($"A{i}", ""))]),
        Env("a name of 256", true, null, (Text(256), "")),
        Env("a name of 257", false, null, (Text(257), "")),
        Env("an empty name", false, null, ("", "x")),
        Env("a name that begins with _", true, null, ("_1", "")),
        Env("a name that begins with a digit", false, null, ("1A", "")),
        Env("a name with -", false, null, ("A-B", "")),
        Env("a name with a line feed at its end", false, null, ("A\n", "")),
        Env("one variable of 64 KiB with its separators", true, null, ("A", Text((64 * KiB) - 3))),
        Env("one variable of a byte more", false, Beyond.Sum, ("A", Text((64 * KiB) - 2))),
        Env("one variable of 64 KiB without its separators", false, Beyond.Sum, ("A", Text((64 * KiB) - 1))),
        Env("256 variables of 64 KiB with their separators", true, null, [.. Enumerable.Range(100, 256).Select(i => ($"A{i}", Text(250)))]),
        Env("256 variables of a byte more", false, Beyond.Sum, [.. Enumerable.Range(100, 256).Select(i => ($"A{i}", Text(i == 100 ? 251 : 250)))]),
        Env("two bytes a character, below 64 KiB", true, null, ("A", Text(32_766, 'é'))),
        Env("two bytes a character, above 64 KiB", false, Beyond.Bytes, ("A", Text(32_767, 'é'))),
        Env("a line feed in a value", true, null, ("A", "a\nb\n")),
        Env("a NUL in a value", false, null, ("A", "a\0b")),
        Env("a NUL at a value's end", false, null, ("A", "a\0")),
    ];

    private static IEnumerable<Case<VMCloneSpec>> UserData =>
    [
        new("userData of 64 KiB", s => s.UserData = new() { Value = Text(64 * KiB) }, true),
        new("userData of a byte more", s => s.UserData = new() { Value = Text((64 * KiB) + 1) }, false),
        new("userData of 64 KiB in characters of two bytes", s => s.UserData = new() { Value = Text(32 * KiB, 'é') }, true),
        new("userData of two bytes more", s => s.UserData = new() { Value = Text((32 * KiB) + 1, 'é') }, false, Beyond.Bytes),
        new("userData with a NUL", s => s.UserData = new() { Value = "a\0b" }, true),
    ];

    private static IEnumerable<Case<VMCloneSpec>> Files =>
    [
        Many("64 files", 64, true),
        Many("65 files", 65, false),
        Content("one file of 512 KiB", true, null, 512 * KiB),
        Content("one file of a byte more", false, null, (512 * KiB) + 1),
        Content("two files of 512 KiB together", true, null, 256 * KiB, 256 * KiB),
        Content("two files of a byte more together", false, Beyond.Sum, 256 * KiB, (256 * KiB) + 1),
        new("a file of 512 KiB in characters of two bytes", s => s.Files = [new() { Path = "/a", Value = Text(256 * KiB, 'é') }], true),
        new("a file of two bytes more", s => s.Files = [new() { Path = "/a", Value = Text((256 * KiB) + 1, 'é') }], false, Beyond.Bytes),
        Path("/a", true), Path("/..a/.b/...", true), Path("/a b", true), Path("/a\nb\n", true),
        Path("", false), Path("/", false), Path("a", false), Path("/a/", false), Path("//a", false), Path("/a//b", false),
        Path("/./a", false), Path("/a/.", false), Path("/a/../b", false), Path("/..", false), Path("/a\0b", false),
        Path("/" + Text(254), true, name: "of 255 bytes"),
        Path("/" + Text(255), false, name: "of 256 bytes"),
        Path("/" + Text(127, 'é'), true, name: "of 255 bytes in characters of two"),
        Path("/" + Text(128, 'é'), false, Beyond.Bytes, "of 257 bytes in characters of two"),
        new("a path twice", s => s.Files = [new() { Path = "/a" }, new() { Path = "/a" }], false, Beyond.Repeats),
        Mode(null, true), Mode(-1, false), Mode(0, true), Mode(511, true), Mode(512, false), Mode(int.MaxValue, false),
    ];

    private static IEnumerable<Case<VMCloneSpec>> Hostnames =>
    [
        Hostname("a", true), Hostname("web-1.example", true), Hostname(Text(63), true), Hostname(Text(64), false),
        Hostname(Text(62) + ".a", true), Hostname(Text(62) + ".aa", false), Hostname(Text(31) + "." + Text(32), true),
        Hostname("Web", false), Hostname("a_b", false), Hostname("-a", false), Hostname("a-", false), Hostname("a..b", false), Hostname("a.", false),
        Hostname("a-.b", false), Hostname("a\n", false),
        Hostname("", false) with { Unseen = Unseen.Unset },
    ];

    private static IEnumerable<Case<VMCloneSpec>> Ports =>
    [
        Port(0, 2000, false), Port(1, 2000, true), Port(65_535, 2000, true), Port(65_536, 2000, false), Port(-1, 2000, false),
        Port(80, 0, false), Port(80, 1023, false), Port(80, 1024, true), Port(80, 65_535, true), Port(80, 65_536, false),
        Port(1024, null, true), Port(1023, null, false, Beyond.Fields),
        new("32 ports", s => s.Ports = [.. Enumerable.Range(2000, 32).Select(i => new VMPort { GuestPort = i })], true),
        new("33 ports", s => s.Ports = [.. Enumerable.Range(2000, 33).Select(i => new VMPort { GuestPort = i })], false),
        new("a guest's port twice", s => s.Ports = [new() { GuestPort = 80, Port = 2000 }, new() { GuestPort = 80, Port = 2001 }], true),
        new("a pod's port twice", s => s.Ports = [new() { GuestPort = 80, Port = 2000 }, new() { GuestPort = 81, Port = 2000 }], false, Beyond.Repeats),
        new("a pod's port twice, once unsaid", s => s.Ports = [new() { GuestPort = 80, Port = 2000 }, new() { GuestPort = 2000 }], false, Beyond.Repeats),
    ];

    private static IEnumerable<Case<VMCloneSpec>> Timeouts => new (int Seconds, bool Legal)[] { (-1, false), (0, false), (1, true), (600, true), (601, false) }
        .Select(t => new Case<VMCloneSpec>($"identityTimeoutSeconds {t.Seconds}", s => s.IdentityTimeoutSeconds = t.Seconds, t.Legal));

    private static string Text(int length, char filling = 'a') => new(filling, length);

    private static Case<VMCloneSpec> Env(string name, bool legal, string? beyond, params (string Name, string Value)[] variables) => new(
        $"env: {name}", s => s.Env = [.. variables.Select(v => new VMEnvironmentVariable { Name = v.Name, Value = v.Value })], legal, beyond);

    private static Case<VMCloneSpec> Many(string name, int count, bool legal) => new(
        name, s => s.Files = [.. Enumerable.Range(0, count).Select(i => new VMFile { Path = $"/{i}" })], legal);

    private static Case<VMCloneSpec> Content(string name, bool legal, string? beyond, params int[] sizes) => new(
        name, s => s.Files = [.. sizes.Select((size, i) => new VMFile { Path = $"/{i}", Value = Text(size) })], legal, beyond);

    private static Case<VMCloneSpec> Path(string path, bool legal, string? beyond = null, string? name = null) => new(
        $"files[0].path {name ?? path}", s => s.Files = [new() { Path = path }], legal, beyond);

    private static Case<VMCloneSpec> Mode(int? mode, bool legal) => new($"files[0].mode {mode}", s => s.Files = [new() { Path = "/a", Mode = mode }], legal);

    private static Case<VMCloneSpec> Hostname(string hostname, bool legal) => new($"hostname {hostname}", s => s.Hostname = hostname, legal);

    private static Case<VMCloneSpec> Port(int guest, int? port, bool legal, string? beyond = null) => new(
        $"ports[0] {guest} by {port}", s => s.Ports = [new() { GuestPort = guest, Port = port }], legal, beyond);
}
