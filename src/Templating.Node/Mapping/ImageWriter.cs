using Google.Protobuf.WellKnownTypes;
using Templating.Core.Images;

namespace Templating.Node.Mapping;

/// <summary>Writes images as the wire has them.</summary>
internal static class ImageWriter
{
    public static V1.Image ToWire(ImageView view) => new()
    {
        Name = $"tenants/{view.Tenant}/images/{view.Digest}",
        Tenant = view.Tenant,
        Digest = view.Digest,
        Kind = view.Kind == ImageKind.Tree ? V1.ImageKind.Tree : V1.ImageKind.File,
        SizeBytes = view.Bytes,
        Inodes = view.Inodes,
        CreateTime = Timestamp.FromDateTimeOffset(view.CreatedAt),
        LastUseTime = Timestamp.FromDateTimeOffset(view.LastUse),
        Clones = view.Uses,
    };
}
