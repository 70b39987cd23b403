using Templating.Core.Linux;

namespace Templating.UnitTests.Store;

/// <summary>A short folder of its own for each test, removed at the end whatever the modes within.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ts").FullName;

    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose() => FileSystem.RemoveTree(Path);
}
