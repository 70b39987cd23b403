using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Shims;

/// <summary>What authors of shims in other languages get: protos/, and nothing of this repository's own build.</summary>
public sealed class ProtosTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("templating/v1")]
    [InlineData("google/rpc")]
    public async Task TheyCompileForAnotherLanguageAsTheyLieThere(string package)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var folder = new TempFolder();
        var protos = Path.Combine(Repository.Root, "protos");
        var files = Directory.GetFiles(Path.Combine(protos, package), "*.proto").Order(StringComparer.Ordinal).ToList();
        files.ShouldNotBeEmpty();

        // All the modules of templating/v1 import those of google/rpc, so these are always wanted.
        var imported = Directory.GetFiles(Path.Combine(protos, "google/rpc"), "*.proto").Except(files, StringComparer.Ordinal);
        var compiled = await Programs.RunAsync("protoc", ["-I", protos, $"--python_out={folder.Path}", .. files, .. imported], limit.Token);

        compiled.ExitCode.ShouldBe(0, compiled.Error);
        compiled.Error.ShouldBeEmpty();
        var modules = files.Select(f => $"{package.Replace('/', '.')}.{Path.GetFileNameWithoutExtension(f)}_pb2");
        // Debian's python3, which has Debian's protobuf. Installed parts of the same packages must not stand in for what was just made.
        var program = "import google; google.__path__ = ['google', *google.__path__]; import importlib, sys; print([importlib.import_module(m).__file__ for m in sys.argv[1:]])";
        var read = await Programs.RunAsync(
            "/bin/sh", ["-c", "cd \"$0\" && exec /usr/bin/python3 -B -c \"$@\"", folder.Path, program, .. modules], limit.Token);
        read.ExitCode.ShouldBe(0, read.Error);
        read.Output.ShouldNotContain("dist-packages");
    }
}
