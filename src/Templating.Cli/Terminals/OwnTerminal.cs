using System.Runtime.InteropServices;
using Templating.Terminal.Descriptors;

namespace Templating.Cli.Terminals;

/// <summary>The real one: its keys come by standard input, and its size is known by whichever descriptor leads to it.</summary>
internal sealed class OwnTerminal : IOwnTerminal
{
    public (int Rows, int Columns)? Size =>
        StandardDescriptors.Size(StandardDescriptors.Output) ?? StandardDescriptors.Size(StandardDescriptors.Input);

    public IDisposable MakeRaw() => RawTerminal.Enter(StandardDescriptors.Input);

    public IDisposable WatchSize(Action changed) => PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changed());
}
