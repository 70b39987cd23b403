using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads requests about images. The rules of paths are Core's.</summary>
internal static class ImageReader
{
    public static (string Tenant, ImageSource Source) Publish(V1.PublishImageRequest request, Caller caller)
    {
        var faults = new Faults();
        faults.RequireLabel("tenant", request.Tenant);
        if (Labels.IsLabel(request.Tenant))
        {
            caller.Require(request.Tenant);
        }

        ImageSource? source = request.SourceCase switch
        {
            V1.PublishImageRequest.SourceOneofCase.Layers => new ImageSource.Layers([.. request.Layers.Lowerdirs]),
            V1.PublishImageRequest.SourceOneofCase.Folder => new ImageSource.Folder(request.Folder),
            V1.PublishImageRequest.SourceOneofCase.File => new ImageSource.File(request.File),
            _ => null,
        };
        faults.Require(source is not null, "source", "There is none; give layers, folder or file.");
        faults.ThrowIfAny();
        return (request.Tenant, source!);
    }
}
