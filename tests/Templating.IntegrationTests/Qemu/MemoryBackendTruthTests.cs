using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;
using Templating.Testing;

namespace Templating.IntegrationTests.Qemu;

/// <summary>What the validator says of the twelve combinations is what the installed QEMU does.</summary>
public sealed class MemoryBackendTruthTests
{
    public static TheoryData<bool, bool, RomMode> Combinations()
    {
        var data = new TheoryData<bool, bool, RomMode>();
        foreach (var share in (bool[])[false, true])
        {
            foreach (var readOnly in (bool[])[false, true])
            {
                foreach (var rom in Enum.GetValues<RomMode>())
                {
                    data.Add(share, readOnly, rom);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task ValidatorAgreesWithQemu(bool share, bool readOnly, RomMode rom)
    {
        using var folder = new TempFolder();
        using var watcher = new ProcessWatcher();
        await using (var file = File.Create(folder["ram"]))
        {
            file.SetLength(2 * MachineSpec.MiB);
        }

        using var listening = ListeningSocket.Bind(folder["qmp"]);
        var socket = listening.Connect();
        var pid = Spawner.Start(new SpawnRequest
        {
            Arguments =
            [
                "/usr/bin/env", "qemu-system-x86_64", "-machine", "none", "-S", "-nodefaults", "-no-user-config", "-display", "none",
                "-chardev", "socket,id=qmp,fd=3,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
                "-object", $"memory-backend-file,id=ram,size=2M,mem-path={folder["ram"]},share={OnOff(share)},"
                    + $"readonly={OnOff(readOnly)},rom={rom switch { RomMode.On => "on", RomMode.Off => "off", _ => "auto" }}",
            ],
            OutputPath = folder["log"],
            Descriptors = [listening.Fd],
            MaxFileBytes = MachineSpec.MiB,
        });
        var process = watcher.Watch(pid, isChild: true)!;
        listening.Dispose();
        await using var qmp = new QmpClient(socket, TimeProvider.System);

        // An answer, or the end: whichever QEMU gives.
        var answer = qmp.NegotiateAsync(Soon.Limit, CancellationToken.None);
        await Task.WhenAny(answer, process.Exited).Soonest();
        var accepted = await AcceptsAsync(answer);
        var verdict = MemoryBackendValidator.Judge(new MemoryBackendFlags(share, readOnly, rom));

        accepted.ShouldBe(verdict.Accepted, await File.ReadAllTextAsync(folder["log"]));
        process.Kill();
        await process.Exited.Soonest();
    }

    private static async Task<bool> AcceptsAsync(Task<System.Text.Json.JsonElement> answer)
    {
        try
        {
            await answer.Soonest();
            return true;
        }
        catch (TemplatingException)
        {
            return false;
        }
    }

    private static string OnOff(bool value) => value ? "on" : "off";
}
