using Templating.Testing;

namespace Templating.UnitTests.Fuzzing;

/// <summary>Texts for fields of any name: those that are right somewhere, and those that are nowhere.</summary>
internal static class Texts
{
    private const string Revision = "0123456789abcdef0123456789abcdef";

    private static readonly string[] Sound =
    [
        "", "a", "t", "one", "0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21", "tenants/a", "tenants/-", "tenants/a/templates/t",
        $"tenants/a/templates/t/revisions/{Revision}", "tenants/a/clones/one", "tenants/a/pods/0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21",
        "/boot/vmlinuz", "/etc/app.conf", "127.0.0.1", "0.0.0.0", "console=ttyS0", "https://example.org/kernel", "q35", "PATH", "true", "cpu,+avx",
        new('a', 64), new('a', 63), Revision,
    ];

    private static readonly string[] Nasty =
    [
        "\0", "a\0b", "\n", "a\r\nb", "\u001b[2J", "\u202e", "\ufeff", "\uffff", "é", "😀", " ", "-", "-a", "a-", "A", ".", "..", "../..", "/", "//", "/a/../b",
        "/a/", "tenants//clones/", "tenants/-/clones/x", "tenants/a/templates/t/", "tenants/A/clones/x", "tenants/b/clones/one", "00000000-0000-0000-0000-000000000000",
        "{0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21}", "0177.1", "::1", "256.0.0.1", "file:///etc/passwd", "http://127.0.0.1/", "https://u:p@h/", "https://[", "%", "%00", ",", ",,",
        "99999999999999999999", "-9223372036854775809", "1e999", "NaN", "$(reboot)", "'; --", new('界', 400), new('x', 5000),
    ];

    public static string Any(Dice random) => random.Next(10) switch
    {
        < 6 => random.Of(Sound),
        < 9 => random.Of(Nasty),
        _ => random.Of(Nasty) + random.Of(Sound),
    };
}
