using Templating.Core.Machines;
using Templating.Core.Store;

namespace Templating.Node.Commands.Doctor;

/// <summary>The machine to look at, as the daemon would use it.</summary>
internal sealed record DoctorTarget
{
    public required string StorePath { get; init; }

    public required string RunPath { get; init; }

    /// <summary>As the daemon would open it.</summary>
    public StoreOptions Store => new() { Root = StorePath };

    public required IVmm Vmm { get; init; }

    /// <summary>/ or, in tests, a folder that stands for it.</summary>
    public string Root { get; init; } = "/";

    public string SearchPath { get; init; } = "";

    public uint User { get; init; }

    public string At(string path) => Path.Combine(Root, path.TrimStart('/'));

    /// <summary>Empty where the file is missing or may not be read: each check then says what that means.</summary>
    public string Read(string path)
    {
        try
        {
            return File.ReadAllText(At(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
