namespace Templating.Core.Images;

/// <summary>The node's images of root filesystems, by digest: one file for all who publish the same.</summary>
public interface IImageCache
{
    /// <summary>Keeps an image that the tenant itself has published, until the lease is disposed.</summary>
    /// <exception cref="Errors.TemplatingException">There is none of that digest, or it is not the tenant's.</exception>
    ImageLease Acquire(string tenant, string digest);
}
