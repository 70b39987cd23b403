using Templating.Cli.Output;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Images;

internal static class ImageColumns
{
    public static IReadOnlyList<Column<Image>> List(TimeProvider clock, bool tenants) =>
    [
        .. tenants ? [new Column<Image>("TENANT", i => i.Tenant)] : Array.Empty<Column<Image>>(),
        new("DIGEST", i => i.Digest),
        new("SIZE", i => ByteSize.Format(i.SizeBytes), Right: true),
        new("CLONES", i => $"{i.Clones}", Right: true),
        new("AGE", i => Age.Of(i.CreateTime, clock), Right: true),
        new("USED", i => Age.Of(i.LastUseTime, clock), Right: true),
        new("KIND", i => Words.Of(i.Kind), Wide: true),
        new("INODES", i => $"{i.Inodes}", Right: true, Wide: true),
    ];

    public static IEnumerable<(string Label, string Value)> Sheet(Image image) =>
    [
        ("Name", image.Name),
        ("Kind", Words.Of(image.Kind)),
        ("Size", ByteSize.Format(image.SizeBytes)),
        ("Inodes", $"{image.Inodes}"),
        ("Clones", $"{image.Clones}"),
    ];
}
