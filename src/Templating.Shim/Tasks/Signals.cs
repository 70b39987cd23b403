using Templating.Core.Linux;

namespace Templating.Shim.Tasks;

/// <summary>Signals by their numbers on Linux.</summary>
internal static class Signals
{
    public const int Interrupt = 2;
    public const int Kill = ProcessCalls.SignalKill;
    public const int Terminate = 15;

    private const int HangUp = 1;
    private const int Quit = 3;

    /// <summary>What ends a process that has done nothing against it.</summary>
    public static bool AreDeadly(int signal) => signal is HangUp or Interrupt or Quit or Kill or Terminate;
}
