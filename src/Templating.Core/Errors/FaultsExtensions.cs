using Templating.Contract;

namespace Templating.Core.Errors;

public static class FaultsExtensions
{
    /// <exception cref="TemplatingException">InvalidArgument, with every fault.</exception>
    public static void ThrowIfAny(this Faults faults)
    {
        if (faults.All.Count > 0)
        {
            throw new TemplatingException([.. faults.All]);
        }
    }
}
