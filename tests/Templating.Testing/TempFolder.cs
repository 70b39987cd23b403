using System.Security.Cryptography;

namespace Templating.Testing;

/// <summary>A folder for one test with a short path (a Unix socket's has 107 bytes at most), gone afterwards.</summary>
public sealed class TempFolder : IDisposable
{
    /// <param name="parent">Where it lies.</param>
    public TempFolder(string parent = "/tmp")
    {
        Path = System.IO.Path.Combine(parent, "t" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)));
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
