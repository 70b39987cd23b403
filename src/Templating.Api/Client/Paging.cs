using System.Runtime.CompilerServices;
using Google.Protobuf.Collections;
using Templating.V1;

namespace Templating.Api.Client;

/// <summary>Lists that go through all pages.</summary>
public static class Paging
{
    private const int PageSize = 1000;

    public static IAsyncEnumerable<Template> ListAllAsync(
        this TemplateService.TemplateServiceClient client, string parent, DateTime? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return PagesAsync(
            async (token, cancelled) =>
            {
                var asked = new ListTemplatesRequest { Parent = parent, PageSize = PageSize, PageToken = token };
                var page = await client.ListTemplatesAsync(asked, deadline: deadline, cancellationToken: cancelled);
                return (page.Templates, page.NextPageToken);
            },
            cancellationToken);
    }

    public static IAsyncEnumerable<Image> ListAllAsync(
        this ImageService.ImageServiceClient client, string parent, DateTime? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return PagesAsync(
            async (token, cancelled) =>
            {
                var asked = new ListImagesRequest { Parent = parent, PageSize = PageSize, PageToken = token };
                var page = await client.ListImagesAsync(asked, deadline: deadline, cancellationToken: cancelled);
                return (page.Images, page.NextPageToken);
            },
            cancellationToken);
    }

    public static IAsyncEnumerable<Pool> ListAllAsync(
        this PoolService.PoolServiceClient client, string parent, DateTime? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return PagesAsync(
            async (token, cancelled) =>
            {
                var asked = new ListPoolsRequest { Parent = parent, PageSize = PageSize, PageToken = token };
                var page = await client.ListPoolsAsync(asked, deadline: deadline, cancellationToken: cancelled);
                return (page.Pools, page.NextPageToken);
            },
            cancellationToken);
    }

    /// <param name="request">Its page size and token are set here.</param>
    public static IAsyncEnumerable<VmClone> ListAllAsync(
        this CloneService.CloneServiceClient client, ListClonesRequest request, DateTime? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        return PagesAsync(
            async (token, cancelled) =>
            {
                var asked = new ListClonesRequest(request) { PageSize = PageSize, PageToken = token };
                var page = await client.ListClonesAsync(asked, deadline: deadline, cancellationToken: cancelled);
                return (page.Clones, page.NextPageToken);
            },
            cancellationToken);
    }

    /// <param name="request">Its page size and token are set here.</param>
    public static IAsyncEnumerable<Sandbox> ListAllAsync(
        this SandboxService.SandboxServiceClient client, ListSandboxesRequest request, DateTime? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        return PagesAsync(
            async (token, cancelled) =>
            {
                var asked = new ListSandboxesRequest(request) { PageSize = PageSize, PageToken = token };
                var page = await client.ListSandboxesAsync(asked, deadline: deadline, cancellationToken: cancelled);
                return (page.Sandboxes, page.NextPageToken);
            },
            cancellationToken);
    }

    /// <param name="read">The page that a token leads to, and the token of the next one; empty for the first, and behind the last.</param>
    /// <param name="cancellationToken">Of who reads them.</param>
    private static async IAsyncEnumerable<T> PagesAsync<T>(
        Func<string, CancellationToken, Task<(RepeatedField<T> Items, string Next)>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var token = "";
        do
        {
            (var items, token) = await read(token, cancellationToken);
            foreach (var item in items)
            {
                yield return item;
            }
        }
        while (token.Length > 0);
    }
}
