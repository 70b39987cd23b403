using Templating.Qemu.GuestAgent;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.UnitTests.Qemu;

/// <summary>What the scripts say of a guest that lacks something: run here, by the shell of this host.</summary>
public sealed class QgaScriptTests
{
    [Fact]
    public async Task EveryProgramThatTheGuestLacksIsNamedBeforeAnythingIsChanged()
    {
        using var folder = new TempFolder();
        foreach (var program in (string[])["cat", "chmod", "date", "dirname", "env", "mkdir", "rm", "tr"])
        {
            File.CreateSymbolicLink(folder[program], "/usr/bin/" + program);
        }

        var (code, error) = await IdentifyAsync(folder.Path);

        code.ShouldBe(3);
        error.Trim().ShouldBe("the guest lacks the programs base64 mount od");
    }

    private static async Task<(int Code, string Error)> IdentifyAsync(string path)
    {
        using var shell = new ChildProcess(
            "/bin/sh", ["-c", QgaIdentity.Script, "sh", "id", "-", "machine", "-", "boot"],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = path }, redirect: true);
        var code = await shell.WaitExitAsync(CancellationToken.None);
        return (code, await shell.Error.ReadToEndAsync());
    }
}
