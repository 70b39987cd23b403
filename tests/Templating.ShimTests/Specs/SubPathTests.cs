using Templating.Shim.Errors;
using Templating.Shim.Specs;
using Templating.Testing;

namespace Templating.ShimTests.Specs;

/// <summary>kubelet binds a subPath to a place whose name says the volume and not its kind: that is seen by the volume's own folder.</summary>
public sealed class SubPathTests : IDisposable
{
    private readonly TempFolder _kubelet = new();

    public void Dispose() => _kubelet.Dispose();

    [Theory]
    [InlineData("configmap")]
    [InlineData("secret")]
    [InlineData("projected")]
    [InlineData("downward-api")]
    public void OfWhatIsCopiedItIsCopiedAndDoesNotFollow(string kind)
    {
        Directory.CreateDirectory(_kubelet[$"pods/{Samples.Uid}/volumes/kubernetes.io~{kind}/conf"]);

        Build().Copies.ShouldContain(new VolumeCopy(Source, "subpath.conf.web.3.c0ff", Follow: false, OfContainer: true));
    }

    [Fact]
    public void OfAnEmptyDirItIsRefusedAndOfAnythingElse()
    {
        Should.Throw<ShimException>(Build).Message.ShouldContain("a subPath of volume conf");
        Directory.CreateDirectory(_kubelet[$"pods/{Samples.Uid}/volumes/kubernetes.io~empty-dir/conf"]);
        Should.Throw<ShimException>(Build).Message.ShouldContain("a subPath of emptyDir conf");
    }

    private string Source => _kubelet[$"pods/{Samples.Uid}/volume-subpaths/conf/web/3"];

    private GuestContainer Build() =>
        GuestSpec.Build(Samples.PodContainer(_kubelet.Path).WithMount(Samples.Mount("/etc/conf", Source)).Spec(), Samples.Options);
}
