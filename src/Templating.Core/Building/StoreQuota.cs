using Templating.Core.Capacity;
using Templating.Core.Store;

namespace Templating.Core.Building;

/// <summary>
/// What a tenant's templates take of the disk, against its limit: memory and state as they lie there, the RAM of builds under way,
/// and each image they name once. An image that tenants share counts for each of them.
/// </summary>
internal sealed class StoreQuota(TemplateStore store, ITenantLimits limits)
{
    private readonly Lock _lock = new();
    private readonly List<Room> _builds = [];

    /// <summary>Room for a build's RAM; given back on dispose, when it is published or gone.</summary>
    /// <exception cref="Errors.TemplatingException">TenantQuotaExhausted, TenantLimitTooSmall.</exception>
    public Room Reserve(string tenant, long memoryBytes)
    {
        var room = new Room(this, tenant, memoryBytes);
        lock (_lock)
        {
            Require(room);
            _builds.Add(room);
        }

        return room;
    }

    private void Require(Room wanted)
    {
        if (limits.Of(wanted.Tenant).StoreBytes is not { } limit)
        {
            return;
        }

        var alone = wanted.MemoryBytes + wanted.Images.DistinctBy(i => i.Sha256, StringComparer.Ordinal).Sum(i => i.Size);
        if (alone > limit)
        {
            throw TenantRefusals.Never(wanted.Tenant, "storeBytes", $"{TenantRefusals.MiB(alone)} on disk for this template alone", TenantRefusals.MiB(limit));
        }

        var published = store.List(wanted.Tenant);
        Room[] builds = [.. _builds.Where(b => b != wanted && string.Equals(b.Tenant, wanted.Tenant, StringComparison.Ordinal)), wanted];
        var images = published.SelectMany(r => r.Manifest.Images).Concat(builds.SelectMany(b => b.Images)).DistinctBy(i => i.Sha256, StringComparer.Ordinal);
        var bytes = published.Sum(r => r.AllocatedBytes) + builds.Sum(b => b.MemoryBytes) + images.Sum(i => i.Size);
        if (bytes > limit)
        {
            throw TenantRefusals.Quota(
                wanted.Tenant, "storeBytes", $"{TenantRefusals.MiB(bytes)} of templates", TenantRefusals.MiB(limit), "Delete templates, or keep fewer revisions");
        }
    }

    /// <summary>What one build takes.</summary>
    internal sealed class Room(StoreQuota owner, string tenant, long memoryBytes) : IDisposable
    {
        public string Tenant => tenant;

        public long MemoryBytes => memoryBytes;

        public IReadOnlyList<FileDigest> Images { get; private set; } = [];

        /// <summary>Known only when they are there.</summary>
        /// <exception cref="Errors.TemplatingException">TenantQuotaExhausted, TenantLimitTooSmall.</exception>
        public void AddImages(IReadOnlyList<FileDigest> images)
        {
            lock (owner._lock)
            {
                Images = images;
                owner.Require(this);
            }
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._builds.Remove(this);
            }
        }
    }
}
