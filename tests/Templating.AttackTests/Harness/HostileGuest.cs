using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;
using Templating.V1;

namespace Templating.AttackTests.Harness;

/// <summary>The guest image with the hostile program in the place of both its agents.</summary>
internal static class HostileGuest
{
    /// <param name="folder">Where the initrd is made.</param>
    /// <param name="cancellationToken">Stops the making.</param>
    public static async Task<string> BuildInitrdAsync(NodeFolder folder, CancellationToken cancellationToken)
    {
        var initrd = folder["initrd"];
        var script = Path.Combine(Repository.Root, "tests", "Templating.AttackTests", "Guest", "build.sh");
        var built = await Programs.RunAsync(script, [GuestArtifacts.Locate().Initrd, initrd], cancellationToken);
        return built.ExitCode == 0 ? initrd : throw new InvalidOperationException($"The hostile guest was not built: {built.Error}");
    }

    /// <param name="initrd">What <see cref="BuildInitrdAsync"/> made.</param>
    /// <param name="words">More of the kernel's command line.</param>
    public static TemplateSpec Spec(string initrd, string words = "")
    {
        var spec = GuestSpecs.Web(words);
        spec.Guest.InitrdPath = initrd;
        // Some of it answers no command; it is frozen before it is asked for one.
        spec.Readiness.WaitForBoot = false;
        return spec;
    }
}
