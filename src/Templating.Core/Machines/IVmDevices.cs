using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Machines;

/// <summary>What is plugged into a VM while it runs, and taken away again.</summary>
public interface IVmDevices
{
    /// <summary>
    /// Gives a sandbox a file as read-only memory, as its template's images are. Its mapping is checked before the guest sees it; where
    /// that is not as promised, the VM has ended when this returns. Legal while it runs.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">IllegalState: no sandbox, or no port is free. InvalidArgument, QmpFailed, IsolationViolated.</exception>
    Task<PluggedDevice> PlugImageAsync(string path, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a sandbox a disk of its own: that file, which stays as long as it is plugged. The guest writes within its length alone.
    /// Legal while it runs.
    /// </summary>
    /// <param name="file">Open for reading and writing; the caller keeps its own.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="serial">By which the guest finds it.</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    /// <exception cref="Errors.TemplatingException">IllegalState: no sandbox, or no port is free. HostUnusable, QmpFailed.</exception>
    Task<PluggedDevice> PlugDiskAsync(SafeFileHandle file, long bytes, string serial, CancellationToken cancellationToken);

    /// <summary>Plugs a block device of the host; the guest's flushes are the host's. It is the host's again when it is unplugged or the VM gone.</summary>
    Task<PluggedDevice> PlugNodeDiskAsync(SafeFileHandle device, long bytes, string serial, bool readOnly, CancellationToken cancellationToken);

    /// <summary>Gives a sandbox a network card at the other end of a tap. Legal while it runs.</summary>
    /// <param name="tap">Of which QEMU gets its own descriptor.</param>
    /// <param name="card">What the guest sees.</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    /// <exception cref="Errors.TemplatingException">IllegalState: no sandbox, or no port is free. QmpFailed.</exception>
    Task<PluggedDevice> PlugNicAsync(SafeFileHandle tap, NicSpec card, CancellationToken cancellationToken);

    /// <summary>Takes a plugged device away, when the guest has let go of it. Images stay.</summary>
    /// <exception cref="Errors.TemplatingException">IllegalState, QmpFailed.</exception>
    Task UnplugAsync(string id, CancellationToken cancellationToken);

    /// <summary>Plugs so much more RAM. The guest may have to be told to use it.</summary>
    /// <exception cref="Errors.TemplatingException">IllegalState: there is no room for it. QmpFailed.</exception>
    Task PlugMemoryAsync(long bytes, CancellationToken cancellationToken);

    /// <summary>Plugs vCPUs until it has so many in all. The guest may have to be told to use them.</summary>
    /// <exception cref="Errors.TemplatingException">IllegalState: there is no room for them. QmpFailed.</exception>
    Task PlugCpusAsync(int vcpus, CancellationToken cancellationToken);
}
