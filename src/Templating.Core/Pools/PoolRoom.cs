using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <summary>
/// The node's memory and user ids for what somebody waits for: a clone's start, its growth, a build. Where there is too little, VMs of the same
/// tenant that wait for nobody give theirs up, one after the other: never another tenant's, and none where all of them together were not enough.
/// </summary>
internal sealed class PoolRoom(PoolTable table, PoolVms vms, PoolStepper stepper, VmParts parts)
{
    /// <summary>For a VM that starts.</summary>
    /// <exception cref="TemplatingException">As of <see cref="NodeCapacity.Charge"/>.</exception>
    public Task<MemoryCharge> ChargeAsync(string tenant, long memoryBytes, CancellationToken cancellationToken) => TakeAsync(
        tenant, () => parts.Capacity.Charge(tenant, memoryBytes),
        waiting => parts.Capacity.WouldFit(tenant, memoryBytes, waiting.Count, BytesOf(waiting)), cancellationToken);

    /// <summary>For a VM that runs and gets more RAM.</summary>
    /// <exception cref="TemplatingException">As of <see cref="MemoryCharge.Grow"/>.</exception>
    public Task GrowAsync(MemoryCharge charge, string tenant, long memoryBytes, CancellationToken cancellationToken) => TakeAsync(
        tenant,
        () =>
        {
            charge.Grow(memoryBytes);
            return true;
        },
        waiting => parts.Capacity.WouldGrow(tenant, memoryBytes, BytesOf(waiting)), cancellationToken);

    /// <returns>Null where VMs run as the daemon's own user.</returns>
    /// <exception cref="TemplatingException">NodeCapacityExhausted.</exception>
    public async Task<RentedUser?> RentAsync(string tenant, CancellationToken cancellationToken) => parts.Users is not { } users
        ? null
        : await TakeAsync(tenant, users.Rent, waiting => waiting.Count > 0, cancellationToken, vm => vm.Life.User is not null);

    /// <param name="tenant">Who takes it.</param>
    /// <param name="take">Throws where there is too little.</param>
    /// <param name="isEnough">Whether there would be enough, if all these were gone.</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    /// <param name="helps">Which of those that wait have any of it.</param>
    private async Task<T> TakeAsync<T>(
        string tenant, Func<T> take, Func<IReadOnlyList<WaitingVm>, bool> isEnough, CancellationToken cancellationToken, Func<WaitingVm, bool>? helps = null)
    {
        IDisposable? hold = null;
        try
        {
            while (true)
            {
                try
                {
                    return take();
                }
                catch (TemplatingException e) when (e.Code is ErrorCode.TenantQuotaExhausted or ErrorCode.NodeMemoryExhausted or ErrorCode.NodeCapacityExhausted)
                {
                    hold ??= stepper.Hold(tenant);
                    if (GiveUp(tenant, helps, isEnough) is not { } vm)
                    {
                        throw;
                    }

                    await vms.GoneInTimeAsync([vm], cancellationToken);
                }
            }
        }
        finally
        {
            hold?.Dispose();
        }
    }

    /// <summary>Ends the one that is worth the least; where none waits, one that is on its way.</summary>
    /// <returns>Null where that would help nobody.</returns>
    private WaitingVm? GiveUp(string tenant, Func<WaitingVm, bool>? helps, Func<IReadOnlyList<WaitingVm>, bool> isEnough)
    {
        lock (table.Lock)
        {
            var waiting = table.All.Where(pool => string.Equals(pool.Name.Tenant, tenant, StringComparison.Ordinal)).SelectMany(pool => pool.Vms)
                .Where(vm => vm.Custody is Custody.Waiting or Custody.Starting && helps?.Invoke(vm) is not false)
                .OrderByDescending(vm => vm.Custody == Custody.Waiting).ThenByDescending(vm => vm.Kind).ThenByDescending(vm => vm.Since).ToList();
            if (waiting.Count == 0 || !isEnough(waiting))
            {
                return null;
            }

            vms.End(waiting[0], "somebody waited for the room it took");
            return waiting[0];
        }
    }

    private static long BytesOf(IReadOnlyList<WaitingVm> waiting) => waiting.Sum(vm => vm.Life.Charge?.Bytes ?? 0);
}
