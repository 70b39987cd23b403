namespace Templating.Testing.Qemu;

/// <summary>The guest image that <c>eng/guest/build.sh</c> makes.</summary>
public sealed record GuestArtifacts(string Kernel, string Initrd, string Image)
{
    /// <summary>In the folder that TEMPLATING_GUEST names, else in the repository's .cache/guest.</summary>
    public static GuestArtifacts Locate()
    {
        var folder = Environment.GetEnvironmentVariable("TEMPLATING_GUEST") ?? Path.Combine(Repository.Root, ".cache", "guest");
        var found = new GuestArtifacts(Path.Combine(folder, "vmlinuz"), Path.Combine(folder, "initrd"), Path.Combine(folder, "rootfs.img"));
        var missing = new[] { found.Kernel, found.Initrd, found.Image }.Where(path => !File.Exists(path)).ToList();
        return missing.Count == 0
            ? found
            : throw new FileNotFoundException(
                $"There is no {string.Join(", ", missing)}. Build the guest by eng/guest/build.sh, or set TEMPLATING_GUEST to its folder.");
    }
}
