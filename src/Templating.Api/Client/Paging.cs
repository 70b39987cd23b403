using Templating.V1;

namespace Templating.Api.Client;

/// <summary>Lists that go through all pages.</summary>
public static class Paging
{
    private const int PageSize = 1000;

    public static async IAsyncEnumerable<Template> ListAllAsync(
        this TemplateService.TemplateServiceClient client, string parent, DateTime? deadline = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var request = new ListTemplatesRequest { Parent = parent, PageSize = PageSize };
        do
        {
            var page = await client.ListTemplatesAsync(request, deadline: deadline, cancellationToken: cancellationToken);
            foreach (var template in page.Templates)
            {
                yield return template;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    public static async IAsyncEnumerable<Image> ListAllAsync(
        this ImageService.ImageServiceClient client, string parent, DateTime? deadline = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var request = new ListImagesRequest { Parent = parent, PageSize = PageSize };
        do
        {
            var page = await client.ListImagesAsync(request, deadline: deadline, cancellationToken: cancellationToken);
            foreach (var image in page.Images)
            {
                yield return image;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    public static async IAsyncEnumerable<Pool> ListAllAsync(
        this PoolService.PoolServiceClient client, string parent, DateTime? deadline = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var request = new ListPoolsRequest { Parent = parent, PageSize = PageSize };
        do
        {
            var page = await client.ListPoolsAsync(request, deadline: deadline, cancellationToken: cancellationToken);
            foreach (var pool in page.Pools)
            {
                yield return pool;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    /// <param name="request">Its page size and token are set here.</param>
    public static async IAsyncEnumerable<VmClone> ListAllAsync(
        this CloneService.CloneServiceClient client, ListClonesRequest request, DateTime? deadline = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        request = new ListClonesRequest(request) { PageSize = PageSize, PageToken = "" };
        do
        {
            var page = await client.ListClonesAsync(request, deadline: deadline, cancellationToken: cancellationToken);
            foreach (var clone in page.Clones)
            {
                yield return clone;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    /// <param name="request">Its page size and token are set here.</param>
    public static async IAsyncEnumerable<Sandbox> ListAllAsync(
        this SandboxService.SandboxServiceClient client, ListSandboxesRequest request, DateTime? deadline = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        request = new ListSandboxesRequest(request) { PageSize = PageSize, PageToken = "" };
        do
        {
            var page = await client.ListSandboxesAsync(request, deadline: deadline, cancellationToken: cancellationToken);
            foreach (var sandbox in page.Sandboxes)
            {
                yield return sandbox;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }
}
