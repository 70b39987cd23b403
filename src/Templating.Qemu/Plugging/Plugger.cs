using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Confinement;
using Templating.Qemu.Memory;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Plugging;

/// <summary>
/// Plugs devices into a QEMU that runs. One change at a time, and each is carried out whole or undone: who asked for it and goes away
/// breaks none off half way. What is plugged is asked of QEMU each time: another daemon may have plugged it.
/// </summary>
internal sealed class Plugger(QmpClient qmp, int pid, TimeSpan commandTimeout, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly BackedDevices _backed = new(qmp, pid, commandTimeout, time);

    /// <exception cref="TemplatingException">IllegalState, InvalidArgument, QmpFailed. IsolationViolated: the VM must end.</exception>
    public Task<(PluggedDevice Device, GuestFile File)> PlugImageAsync(string path, CancellationToken cancellationToken) =>
        InTurnAsync(() => AddImageAsync(path), cancellationToken);

    /// <exception cref="TemplatingException">IllegalState, HostUnusable, QmpFailed.</exception>
    public Task<PluggedDevice> PlugDiskAsync(SafeFileHandle file, long bytes, string serial, CancellationToken cancellationToken) =>
        InTurnAsync(async () => await _backed.AddDiskAsync(await FindPortAsync(), file, bytes, serial), cancellationToken);

    /// <exception cref="TemplatingException">IllegalState, QmpFailed.</exception>
    public Task<PluggedDevice> PlugNodeDiskAsync(SafeFileHandle device, long bytes, string serial, bool readOnly, CancellationToken cancellationToken) =>
        InTurnAsync(async () => await _backed.AddNodeDiskAsync(await FindPortAsync(), device, bytes, serial, readOnly), cancellationToken);

    /// <exception cref="TemplatingException">IllegalState, QmpFailed.</exception>
    public Task<PluggedDevice> PlugNicAsync(SafeFileHandle tap, NicSpec card, CancellationToken cancellationToken) =>
        InTurnAsync(async () => await _backed.AddNicAsync(await FindPortAsync(), tap, card), cancellationToken);

    /// <exception cref="TemplatingException">IllegalState: it is not plugged, is an image, or the guest does not let go of it. QmpFailed.</exception>
    public Task UnplugAsync(string id, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        var devices = await ListAsync("/machine/peripheral");
        var port = PlugIds.PortOf(id);
        if (port is not null && devices.TryGetValue(id, out var type))
        {
            if (type.Contains("pmem", StringComparison.Ordinal))
            {
                throw new TemplatingException(ErrorCode.IllegalState,
                    $"'{id}' is an image, and QEMU cannot take those away again (virtio-pmem: memory device unplug is not supported). It stays until the VM ends.");
            }

            await _backed.RemoveAsync(port.Value);
        }
        else if (port is null || !await _backed.TryForgetAsync(port.Value))
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"There is no device '{id}' plugged into this VM.");
        }

        return true;
    }, cancellationToken);

    /// <summary>The images that were plugged, by this daemon or another one, as a QEMU that is not trusted tells: it could only spoil the account of its own memory.</summary>
    public static async Task<IReadOnlyList<GuestFile>> ListImagesAsync(QmpClient qmp, TimeSpan timeout, CancellationToken cancellationToken) =>
    [
        .. (await ListAsync(qmp, "/objects", timeout, cancellationToken)).Keys.Select(PlugIds.FileOf).OfType<FileIdentity>()
            .Select(identity => new GuestFile(ImagePlace.Path, MemoryRole.Image, identity)),
    ];

    /// <exception cref="TemplatingException">IllegalState: all its slots are taken. QmpFailed.</exception>
    public Task AddRamAsync(long bytes, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        var devices = await ListAsync("/machine/peripheral");
        var slot = Enumerable.Range(0, QemuCommandLine.DimmSlots).Select(number => (int?)number).FirstOrDefault(number => !devices.ContainsKey($"dimm{number}"))
            ?? throw new TemplatingException(ErrorCode.IllegalState, $"This VM has grown {QemuCommandLine.DimmSlots} times, and has no slot left for more memory.");
        var memory = string.Create(CultureInfo.InvariantCulture, $"more{slot}");
        var end = MemoryDevices.EndOf(await qmp.ExecuteAsync("query-memory-devices", null, commandTimeout, CancellationToken.None));
        await ExecuteAsync("object-add", w =>
        {
            w.WriteString("qom-type", "memory-backend-ram");
            w.WriteString("id", memory);
            w.WriteNumber("size", bytes);
        });
        try
        {
            return await ExecuteAsync("device_add", w =>
            {
                w.WriteString("driver", "pc-dimm");
                w.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"dimm{slot}"));
                w.WriteString("memdev", memory);
                if (end > 0)
                {
                    // QEMU would put it right behind an image, where Linux does not take it.
                    w.WriteNumber("addr", (end + MemoryDevices.Section - 1) / MemoryDevices.Section * MemoryDevices.Section);
                }
            });
        }
        catch (TemplatingException)
        {
            await qmp.PostAsync("object-del", w => w.WriteString("id", memory), commandTimeout);
            throw;
        }
    }, cancellationToken);

    /// <summary>Plugs what it has less than so many: what another daemon has plugged and not written down counts.</summary>
    /// <exception cref="TemplatingException">IllegalState: it has no places for so many. QmpFailed.</exception>
    public Task AddCpusAsync(int vcpus, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        var slots = CpuSlot.Parse(await qmp.ExecuteAsync("query-hotpluggable-cpus", null, commandTimeout, CancellationToken.None));
        if (slots.Count < vcpus)
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"This VM has places for {slots.Count} vCPUs, and {vcpus} were asked for.");
        }

        var number = slots.Count(slot => slot.IsTaken);
        foreach (var slot in slots.Where(slot => !slot.IsTaken).Take(vcpus - number))
        {
            await ExecuteAsync("device_add", w =>
            {
                w.WriteString("driver", slot.Driver);
                w.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"vcpu{number}"));
                foreach (var (name, value) in slot.Place)
                {
                    w.WriteNumber(name, value);
                }
            });
            number++;
        }

        return number;
    }, cancellationToken);

    public void Dispose() => _gate.Dispose();

    private async Task<(PluggedDevice Device, GuestFile File)> AddImageAsync(string path)
    {
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var stamp);
        if (stamp.Size == 0 || stamp.Size % FileLimits.ImageAlignment != 0)
        {
            throw new TemplatingException(ErrorCode.InvalidArgument,
                $"The image has {stamp.Size} bytes; the guest takes multiples of {FileLimits.ImageAlignment} (2 MiB) only. Pad it with zeros.");
        }

        var port = await FindPortAsync();
        var identity = FileIdentity.Of(file);
        var (id, memory) = (PlugIds.Of(port), PlugIds.MemoryOf(port, identity));
        var known = new GuestFile(ImagePlace.Path, MemoryRole.Image, identity);
        await AddMemoryAsync(memory, file, stamp.Size);
        try
        {
            ImagePlace.RequireUnseen(pid);
            MappingCheck.Verify(pid, [known]);
            await ExecuteAsync("device_add", w =>
            {
                w.WriteString("driver", "virtio-pmem-pci");
                w.WriteString("id", id);
                w.WriteString("memdev", memory);
                w.WriteString("bus", SandboxDevices.PortId(port));
            });
        }
        catch (Exception e) when (e is TemplatingException or IOException)
        {
            await qmp.PostAsync("object-del", w => w.WriteString("id", memory), commandTimeout);
            throw;
        }

        return (new PluggedDevice { Id = id, Kind = PluggedKind.Image, Bridge = SandboxDevices.PortAddress(port), Bytes = stamp.Size }, known);
    }

    private async Task AddMemoryAsync(string id, SafeFileHandle file, long bytes)
    {
        if (!ImagePlace.IsJailed(pid))
        {
            var given = await qmp.ExecuteAsync("add-fd", null, file, commandTimeout, CancellationToken.None);
            try
            {
                await AddMemoryAsync(id, string.Create(CultureInfo.InvariantCulture, $"{HandedFile.Folder}{given.Number("fd")}"), bytes);
            }
            finally
            {
                await qmp.PostAsync("remove-fd", w => w.WriteNumber("fdset-id", given.Number("fdset-id") ?? -1), commandTimeout);
            }

            return;
        }

        using (ImagePlace.Show(pid, file))
        {
            await AddMemoryAsync(id, ImagePlace.Path, bytes);
        }
    }

    private Task<JsonElement> AddMemoryAsync(string id, string path, long bytes) =>
        ExecuteAsync("object-add", new MemoryBackend(id, MemoryRole.Image, path, bytes).WriteTo);

    /// <exception cref="TemplatingException">IllegalState: it has no ports, or none is free.</exception>
    private async Task<int> FindPortAsync()
    {
        var devices = await ListAsync("/machine/peripheral");
        var ports = Enumerable.Range(0, SandboxDevices.Ports).Where(port => devices.ContainsKey(SandboxDevices.PortId(port))).ToList();
        return ports.Count == 0
            ? throw new TemplatingException(ErrorCode.IllegalState,
                "Nothing can be plugged into this VM: its template is no sandbox. Make one with sandbox: true.")
            : ports.Where(port => !devices.ContainsKey(PlugIds.Of(port))).Select(port => (int?)port).FirstOrDefault()
                ?? throw new TemplatingException(ErrorCode.IllegalState, $"All {ports.Count} ports of this VM are taken; unplug a disk or a card first.");
    }

    private Task<Dictionary<string, string>> ListAsync(string path) => ListAsync(qmp, path, commandTimeout, CancellationToken.None);

    private static async Task<Dictionary<string, string>> ListAsync(QmpClient qmp, string path, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var list = await qmp.ExecuteAsync("qom-list", w => w.WriteString("path", path), timeout, cancellationToken);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default)
        {
            found[item.Text("name") ?? ""] = item.Text("type") ?? "";
        }

        return found;
    }

    private Task<JsonElement> ExecuteAsync(string command, Action<Utf8JsonWriter> arguments) =>
        qmp.ExecuteAsync(command, arguments, commandTimeout, CancellationToken.None);

    private async Task<T> InTurnAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _gate.Release();
        }
    }
}
