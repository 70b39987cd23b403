using System.Text;
using Templating.Shim.Host;
using Templating.Testing;

namespace Templating.ShimTests.Host;

public sealed class ShimLogTests
{
    [Fact]
    public void ALineIsOneThatLogrusWrites() => Encoding.UTF8.GetString(ShimLog.Format(DateTimeOffset.UnixEpoch, "info", "a \"b\"\nc\u0001"))
        .ShouldBe("time=\"1970-01-01T00:00:00.0000000Z\" level=info msg=\"a \\\"b\\\"\\nc?\" runtime=io.containerd.templating.v2\n");

    [Fact]
    public void ALongLineIsCutToWhatAPipeTakesWhole()
    {
        var line = ShimLog.Format(DateTimeOffset.UnixEpoch, "info", new string('x', 10_000));

        line.Length.ShouldBe(4096);
        line[^1].ShouldBe((byte)'\n');
    }

    [Fact]
    public void WithoutAPipeNothingIsWrittenAndNothingFails()
    {
        using var folder = new TempFolder();
        using var log = ShimLog.Open(folder.Path, TimeProvider.System, debug: true);

        log.Error("nobody reads this");

        Directory.EnumerateFileSystemEntries(folder.Path).ShouldBeEmpty();
    }
}
