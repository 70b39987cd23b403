using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.Memory;
using Templating.Qemu.Plugging;

namespace Templating.Qemu;

/// <summary>What is plugged into one running QEMU. Files that its guest sees are among those of its link from then on.</summary>
internal sealed class QemuDevices(QemuVm vm, VmLink link, QemuOptions options, TimeProvider time) : IVmDevices, IDisposable
{
    private readonly Plugger _plugger = new(vm.Qmp, link.Process.Pid, options.CommandTimeout, time);

    public async Task<PluggedDevice> PlugImageAsync(string path, CancellationToken cancellationToken)
    {
        PluggedDevice? device = null;
        try
        {
            await vm.GuardAsync(async () =>
            {
                (device, var file) = await _plugger.PlugImageAsync(path, cancellationToken);
                Know([file]);
            });
            return device!;
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.IsolationViolated)
        {
            // Its guest runs already: nothing that breaks a promise goes on.
            await vm.KillAsync();
            throw;
        }
    }

    public async Task<PluggedDevice> PlugDiskAsync(SafeFileHandle file, long bytes, string serial, CancellationToken cancellationToken)
    {
        PluggedDevice? device = null;
        await vm.GuardAsync(async () => device = await _plugger.PlugDiskAsync(file, bytes, serial, cancellationToken));
        return device!;
    }

    public async Task<PluggedDevice> PlugNodeDiskAsync(SafeFileHandle device, long bytes, string serial, bool readOnly, CancellationToken cancellationToken)
    {
        PluggedDevice? plugged = null;
        await vm.GuardAsync(async () => plugged = await _plugger.PlugNodeDiskAsync(device, bytes, serial, readOnly, cancellationToken));
        return plugged!;
    }

    public async Task<PluggedDevice> PlugNicAsync(SafeFileHandle tap, NicSpec card, CancellationToken cancellationToken)
    {
        PluggedDevice? device = null;
        await vm.GuardAsync(async () => device = await _plugger.PlugNicAsync(tap, card, cancellationToken));
        return device!;
    }

    public Task UnplugAsync(string id, CancellationToken cancellationToken) => vm.GuardAsync(() => _plugger.UnplugAsync(id, cancellationToken));

    public Task PlugMemoryAsync(long bytes, CancellationToken cancellationToken) => vm.GuardAsync(() => _plugger.AddRamAsync(bytes, cancellationToken));

    public Task PlugCpusAsync(int vcpus, CancellationToken cancellationToken) => vm.GuardAsync(() => _plugger.AddCpusAsync(vcpus, cancellationToken));

    /// <summary>Learns what another daemon plugged.</summary>
    public Task LearnImagesAsync(CancellationToken cancellationToken) => vm.GuardAsync(async () =>
    {
        var images = await Plugger.ListImagesAsync(vm.Qmp, Timeout.InfiniteTimeSpan, cancellationToken);
        MappingCheck.Verify(vm.Process.Pid, images);
        Know(images);
    });

    public void Dispose() => _plugger.Dispose();

    private void Know(IReadOnlyList<GuestFile> files)
    {
        lock (_plugger)
        {
            link.Files = [.. link.Files, .. files];
        }
    }
}
