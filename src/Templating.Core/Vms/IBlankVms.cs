using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>VMs that wait for their memory, to be taken by whoever starts one.</summary>
public interface IBlankVms
{
    /// <summary>Takes one for a machine; null where none of its shape waits, and one will before long.</summary>
    /// <param name="machine">What is to be started.</param>
    /// <param name="images">How many it has.</param>
    /// <param name="network">One that may open connections outwards has a network that it is started with.</param>
    ITakenBlank? Take(ResolvedMachine machine, int images, NetworkSpec network);
}
