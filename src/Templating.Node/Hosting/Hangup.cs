using System.Runtime.InteropServices;
using Templating.Node.Authorization;
using Templating.Node.Files;

namespace Templating.Node.Hosting;

/// <summary>
/// SIGHUP, which a service manager's reload sends and a terminal that goes away: the daemon looks at the policy and its
/// certificates at once, as it does by itself a little later, and says what is in force. It never ends by it, not even while it starts.
/// </summary>
internal sealed class Hangup : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private volatile IServiceProvider? _services;

    public Hangup() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        if (_services is { } services)
        {
            Reload(services);
        }
    });

    /// <summary>From now on there is something to look at.</summary>
    public void Serve(IServiceProvider services) => _services = services;

    public void Dispose() => _registration.Dispose();

    private static void Reload(IServiceProvider services)
    {
        var sound = services.GetRequiredService<PolicySource>().Reload() & services.GetRequiredService<TlsFiles>().Reload();
        Log.Reloaded(services.GetRequiredService<ILogger<Hangup>>(), sound ? "in force as they are now" : "those before stay in force where one is faulty");
    }
}
