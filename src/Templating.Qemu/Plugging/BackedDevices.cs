using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Plugging;

/// <summary>
/// Disks and cards: a device in a port, and behind it in QEMU a block node or a network that is called after the port, too. Both are made
/// of descriptors: QEMU opens nothing of the host's.
/// </summary>
internal sealed class BackedDevices(QmpClient qmp, int pid, TimeSpan commandTimeout, TimeProvider time)
{
    /// <summary>For a guest to let go of a device. Linux does so within a second.</summary>
    private static readonly TimeSpan UnplugLimit = TimeSpan.FromSeconds(20);

    public async Task<PluggedDevice> AddDiskAsync(int port, SafeFileHandle file, long bytes, string serial)
    {
        // A QEMU may write no more to any file than its largest disk has, whoever has taken it over.
        if (ProcessLimits.AllowFileSize(pid, bytes) < 0)
        {
            throw NativeError.Last($"The VM cannot be allowed a file of {bytes} bytes (RLIMIT_FSIZE; the daemon needs CAP_SYS_RESOURCE)");
        }

        return await AddDiskAsync(port, file, bytes, serial, w =>
        {
            w.WriteString("driver", "file");
            WriteCache(w, noFlush: true); // It ends with the VM: nothing is to outlive the host, and no guest makes the host write to disk when it likes.
        });
    }

    /// <summary>What is on it outlives the VM, and so the guest's flushes are the host's.</summary>
    public Task<PluggedDevice> AddNodeDiskAsync(int port, SafeFileHandle device, long bytes, string serial, bool readOnly) =>
        AddDiskAsync(port, device, bytes, serial, w =>
        {
            w.WriteString("driver", "host_device");
            w.WriteBoolean("read-only", readOnly);
            WriteCache(w, noFlush: false);
        });

    private async Task<PluggedDevice> AddDiskAsync(int port, SafeFileHandle file, long bytes, string serial, Action<Utf8JsonWriter> backing)
    {
        var (id, node) = (PlugIds.Of(port), Node(port));
        await ForgetAsync(port);
        var given = await qmp.ExecuteAsync("add-fd", null, file, commandTimeout, CancellationToken.None);
        var set = given.Number("fdset-id") ?? -1;
        try
        {
            await ExecuteAsync("blockdev-add", w =>
            {
                backing(w);
                w.WriteString("node-name", node);
                w.WriteString("filename", string.Create(CultureInfo.InvariantCulture, $"/dev/fdset/{set}"));
                w.WriteString("aio", "threads");
                w.WriteString("locking", "off");
                // What the guest discards takes no room of the host's any more.
                w.WriteString("discard", "unmap");
            });
            await ExecuteAsync("device_add", w =>
            {
                w.WriteString("driver", "virtio-blk-pci");
                w.WriteString("id", id);
                w.WriteString("bus", SandboxDevices.PortId(port));
                w.WriteString("drive", node);
                w.WriteString("serial", serial);
                // The guest hears of a host's full disk. Else QEMU would stop the VM, and nobody would start it again.
                w.WriteString("werror", "report");
                w.WriteString("rerror", "report");
            });
        }
        catch (TemplatingException)
        {
            await UndoAsync(port);
            throw;
        }
        finally
        {
            // The block node has one of its own.
            await qmp.PostAsync("remove-fd", w => w.WriteNumber("fdset-id", set), commandTimeout);
        }

        return New(port, PluggedKind.Disk) with { Bytes = bytes, Serial = serial };
    }

    private static void WriteCache(Utf8JsonWriter w, bool noFlush)
    {
        w.WriteStartObject("cache");
        w.WriteBoolean("direct", false);
        w.WriteBoolean("no-flush", noFlush);
        w.WriteEndObject();
    }

    public async Task<PluggedDevice> AddNicAsync(int port, SafeFileHandle tap, NicSpec card)
    {
        var (id, network) = (PlugIds.Of(port), Network(port));
        await ForgetAsync(port);
        await qmp.ExecuteAsync("getfd", w => w.WriteString("fdname", network), tap, commandTimeout, CancellationToken.None);
        try
        {
            await ExecuteAsync("netdev_add", w =>
            {
                w.WriteString("type", "tap");
                w.WriteString("id", network);
                w.WriteString("fd", network);
                // It would be a descriptor of the host's kernel in the hands of a QEMU that a guest may have taken over.
                w.WriteBoolean("vhost", false);
            });
            await ExecuteAsync("device_add", w =>
            {
                w.WriteString("driver", "virtio-net-pci");
                w.WriteString("id", id);
                w.WriteString("bus", SandboxDevices.PortId(port));
                w.WriteString("netdev", network);
                w.WriteString("mac", card.Mac);
                w.WriteString("romfile", "");
                if (card.Mtu is { } mtu)
                {
                    w.WriteNumber("host_mtu", mtu);
                }
            });
        }
        catch (TemplatingException)
        {
            await qmp.PostAsync("closefd", w => w.WriteString("fdname", network), commandTimeout);
            await UndoAsync(port);
            throw;
        }

        return New(port, PluggedKind.Nic) with { Mac = card.Mac };
    }

    /// <summary>Takes the device out of a port, and then what is behind it.</summary>
    /// <exception cref="TemplatingException">IllegalState: the guest does not let go of it. QmpFailed.</exception>
    public async Task RemoveAsync(int port)
    {
        var id = PlugIds.Of(port);
        using var events = qmp.Subscribe(e => e.Name is "DEVICE_DELETED" or "DEVICE_UNPLUG_GUEST_ERROR" && e.Text("device") == id);
        try
        {
            await ExecuteAsync("device_del", w => w.WriteString("id", id));
        }
        catch (TemplatingException e) when (e.Message.Contains("already in the process of unplug", StringComparison.Ordinal))
        {
            // Somebody asked before and has gone; the guest may yet do it.
        }

        var answer = await Deadline.RunAsync(time, UnplugLimit, async token => await events.FirstAsync(token), () => new TemplatingException(ErrorCode.IllegalState,
            $"The guest did not let go of '{id}' within {UnplugLimit.TotalSeconds:0} s: it is paused, or does not hear. It may still do so; ask again."), CancellationToken.None);
        if (answer.Name is not "DEVICE_DELETED")
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"The guest does not let go of '{id}', it says. It stays plugged.");
        }

        await ForgetAsync(port);
    }

    /// <summary>Of a device that the guest let go of when nobody waited for it any more.</summary>
    /// <returns>Whether there was such a one.</returns>
    public async Task<bool> TryForgetAsync(int port)
    {
        foreach (var (command, name, value) in new[] { ("blockdev-del", "node-name", Node(port)), ("netdev_del", "id", Network(port)) })
        {
            try
            {
                await ExecuteAsync(command, w => w.WriteString(name, value));
                return true;
            }
            catch (TemplatingException e) when (!qmp.IsOver && e.Code == ErrorCode.QmpFailed)
            {
                // It is the other one, or none.
            }
        }

        return false;
    }

    /// <summary>Also of a device that comes yet, for QEMU only did not answer in time: that one's guest is asked to let go of it.</summary>
    private async Task UndoAsync(int port)
    {
        await qmp.PostAsync("device_del", w => w.WriteString("id", PlugIds.Of(port)), commandTimeout);
        await ForgetAsync(port);
    }

    /// <summary>In the order of commands, before all that comes after; what is not there is refused, which nobody hears.</summary>
    private async Task ForgetAsync(int port)
    {
        await qmp.PostAsync("blockdev-del", w => w.WriteString("node-name", Node(port)), commandTimeout);
        await qmp.PostAsync("netdev_del", w => w.WriteString("id", Network(port)), commandTimeout);
    }

    private static PluggedDevice New(int port, PluggedKind kind) =>
        new() { Id = PlugIds.Of(port), Kind = kind, Bridge = SandboxDevices.PortAddress(port) };

    private static string Node(int port) => string.Create(CultureInfo.InvariantCulture, $"disk{port}");

    private static string Network(int port) => string.Create(CultureInfo.InvariantCulture, $"card{port}");

    private Task<JsonElement> ExecuteAsync(string command, Action<Utf8JsonWriter> arguments) =>
        qmp.ExecuteAsync(command, arguments, commandTimeout, CancellationToken.None);
}
