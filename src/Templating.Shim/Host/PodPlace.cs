namespace Templating.Shim.Host;

/// <param name="Folder">Holds <see cref="PodRecord"/>.</param>
/// <param name="Socket">Of the shim.</param>
/// <param name="Lock">
/// Taken to start a pod's shim and to clean up after it. Pods share 256 of them, which stay: a lock's file cannot be removed while
/// somebody may be about to take it.
/// </param>
internal sealed record PodPlace(string Folder, string Socket, string Lock)
{
    public string Address => "unix://" + Socket;
}
