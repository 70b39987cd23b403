using Templating.Core.Capacity;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>One that waited and is nobody else's any more.</summary>
public interface ITakenBlank
{
    Guid Generation { get; }

    /// <summary>Null where it runs as the user of who started it.</summary>
    RentedUser? User { get; }

    /// <summary>
    /// Makes a clone's VM of it; <see cref="User"/> is the caller's then. Where that fails it is ended beside all else, and the VM can be started
    /// as if it had never been there.
    /// </summary>
    Task<IVm> BindAsync(PrepareRequest request, CancellationToken cancellationToken);
}
