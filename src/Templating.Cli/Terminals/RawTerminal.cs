using System.Runtime.InteropServices;

namespace Templating.Cli.Terminals;

/// <summary>
/// Puts a terminal into raw mode, so that every key goes to the guest, and back when disposed or when a signal ends the
/// process: a shell left without echo is the one thing a console must never leave behind.
/// </summary>
internal sealed class RawTerminal : IDisposable
{
    // struct termios of glibc on x86-64 has 60 bytes; musl's too.
    private const int AttributesSize = 64;
    private const int AfterOutputDrained = 1;

    private readonly int _descriptor;
    private readonly byte[] _before = new byte[AttributesSize];
    private readonly PosixSignalRegistration[] _signals;
    private int _restored;

    private RawTerminal(int descriptor)
    {
        _descriptor = descriptor;
        if (LibC.GetTerminal(descriptor, ref _before[0]) != 0)
        {
            throw new IOException("The terminal's settings cannot be read: " + LibC.LastError());
        }

        // SIGINT cannot come from the keyboard in raw mode; from another process it is handled by cancellation.
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Restore()),
        ];
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        var raw = (byte[])_before.Clone();
        LibC.MakeRaw(ref raw[0]);
        if (LibC.SetTerminal(descriptor, AfterOutputDrained, ref raw[0]) != 0)
        {
            var problem = LibC.LastError();
            Dispose();
            throw new IOException("The terminal cannot be made raw: " + problem);
        }
    }

    public static RawTerminal Enter(int descriptor) => new(descriptor);

    public void Dispose()
    {
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    private void Restore()
    {
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            // Nothing is left to do where this fails: the terminal is gone.
            _ = LibC.SetTerminal(_descriptor, AfterOutputDrained, ref _before[0]);
        }
    }
}
