using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

internal sealed class ImageService(ImageCache images, CallLifetime lifetime) : V1.ImageService.ImageServiceBase
{
    public override async Task<Image> PublishImage(PublishImageRequest request, ServerCallContext context)
    {
        var (tenant, source) = ImageReader.Publish(request, context.Caller());
        using var until = lifetime.Until(context);
        return ImageWriter.ToWire(await images.PublishAsync(tenant, source, until.Token));
    }

    public override Task<Image> GetImage(GetImageRequest request, ServerCallContext context)
    {
        var (tenant, digest) = NameReader.Image("name", request.Name, context.Caller());
        return Task.FromResult(ImageWriter.ToWire(images.Get(tenant, digest)));
    }

    public override Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context)
    {
        var faults = new Faults();
        var caller = context.Caller();
        var tenant = NameReader.Parent(request.Parent, caller, faults);
        var filter = $"images {request.Parent}";
        var after = PageToken.Read(request.PageToken, filter, faults);
        var size = FieldReader.PageSize(request.PageSize, faults);
        faults.ThrowIfAny();

        var response = new ListImagesResponse();
        var visible = images.List(tenant).Where(view => caller.Tenants.Contains(view.Tenant));
        response.Images.AddRange(Pages.Cut(visible, PageKeys.Of, after, size, ImageWriter.ToWire, out var next));
        response.NextPageToken = next is null ? "" : PageToken.Write(filter, next);
        return Task.FromResult(response);
    }

    public override async Task<DeleteImageResponse> DeleteImage(DeleteImageRequest request, ServerCallContext context)
    {
        var (tenant, digest) = NameReader.Image("name", request.Name, context.Caller());
        // Gigabytes may go: not on a thread that serves calls.
        await Task.Run(() => images.Delete(tenant, digest), CancellationToken.None);
        return new DeleteImageResponse();
    }
}
