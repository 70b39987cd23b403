using Templating.Core.Linux;

namespace Templating.Core.Clones;

/// <summary>What the guest of a clone that has ended printed last: <c>RUN/clones/FOLDER/console</c>. It goes with the clone.</summary>
internal static class CloneConsoleFile
{
    /// <summary>A console's tail has 64 KiB.</summary>
    private const int MaxBytes = 64 << 10;

    private const string Name = "console";

    public static void Write(string folder, byte[] printed) => SmallFile.Replace(Path.Combine(folder, Name), printed);

    /// <summary>Null where there is none.</summary>
    public static byte[]? Read(string folder)
    {
        try
        {
            return SmallFile.Read(Path.Combine(folder, Name), MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
