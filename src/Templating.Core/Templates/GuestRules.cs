using Templating.Contract;

namespace Templating.Core.Templates;

/// <summary>What a VM may boot.</summary>
internal static class GuestRules
{
    public static IEnumerable<FieldViolation> Check(GuestSpec guest)
    {
        var faults = new Faults();
        CheckFile(faults, "kernel", guest.KernelFile(), guest.KernelSource is not null, !string.IsNullOrEmpty(guest.KernelPath));
        if (guest.InitrdFile() is { } initrd)
        {
            CheckFile(faults, "initrd", initrd, guest.InitrdSource is not null, guest.InitrdPath is not null);
        }

        faults.AddRange(CommandLineRules.Check("spec.guest.command_line", guest.CommandLine));
        CheckImages(faults, guest);
        return faults.All;
    }

    private static void CheckImages(Faults faults, GuestSpec guest)
    {
        var images = guest.ImageFiles();
        var areSources = guest.ImageSources is not null;
        faults.Require(
            images.Count <= SourceRules.MaxImages, areSources ? "spec.guest.images" : "spec.guest.image_paths",
            $"There are {images.Count} images; at most {SourceRules.MaxImages} are allowed.");
        faults.Require(!areSources || guest.ImagePaths.Count == 0, "spec.guest.images", "There are image_paths too; use one of them for all images.");
        foreach (var (index, image) in images.Take(SourceRules.MaxImages).Index())
        {
            CheckFile(faults, "image", image, areSources, hasPath: false, index);
        }
    }

    /// <param name="hasPath">Whether there is a path beside a source.</param>
    private static void CheckFile(Faults faults, string file, FileSource? source, bool isSource, bool hasPath, int? index = null)
    {
        var field = GuestSpec.Field(file, isSource, index);
        faults.Require(!(isSource && hasPath), field, $"There is {file}_path too; use one of them.");
        faults.AddRange(isSource && source is not null
            ? SourceRules.Check(field, source.Path, source.Url, source.Sha256)
            : SourceRules.CheckPath(field, source?.Path));
    }
}
