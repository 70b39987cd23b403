using Templating.Core.Errors;

namespace Templating.Qemu.GuestAgent;

/// <summary>A file of the guest's that is read while it grows.</summary>
internal sealed class QgaFile(QgaClient agent, string path)
{
    private long? _handle;

    /// <summary>Whether it was seen to be there.</summary>
    public bool WasThere { get; private set; }

    /// <returns>The next of it, a piece at most; nothing where there is no more yet, or no such file.</returns>
    public async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            _handle ??= await QgaFiles.OpenAsync(agent, path, "r", cancellationToken);
            WasThere = true;
        }
        catch (TemplatingException e) when (QgaClient.IsRefusal(e))
        {
            return []; // not there yet
        }

        return await QgaFiles.ReadAsync(agent, _handle.Value, cancellationToken);
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_handle is { } handle)
        {
            _handle = null;
            await QgaFiles.CloseAsync(agent, handle, cancellationToken);
        }
    }
}
