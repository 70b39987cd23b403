using Templating.Testing;

namespace Templating.IntegrationTests.Node;

/// <summary>Shell scripts in the place of programs.</summary>
internal sealed class TempScripts : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Write(string name, string body)
    {
        var path = _folder.Write(name, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    public void Dispose() => _folder.Dispose();
}
