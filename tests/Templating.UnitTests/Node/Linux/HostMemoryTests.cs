using Templating.Node.Linux;

namespace Templating.UnitTests.Node.Linux;

public sealed class HostMemoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tn-").FullName;

    [Fact]
    public void TheTightestLimitAroundTheDaemonCounts()
    {
        Write("meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
        Write("cgroup", "0::/a/b\n");
        Write("cg/a/b/memory.max", "max\n");
        Limit().ShouldBe(16L << 30);

        Write("cg/a/memory.max", $"{4L << 30}\n");
        Limit().ShouldBe(4L << 30);

        Write("cg/a/b/memory.max", $"{1L << 30}\n");
        Limit().ShouldBe(1L << 30);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private long Limit() => HostMemory.Limit(Path.Combine(_root, "meminfo"), Path.Combine(_root, "cgroup"), Path.Combine(_root, "cg"));

    private void Write(string name, string text)
    {
        var path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
