namespace Templating.Testing.Fakes;

/// <summary>The least that passes for a kernel or an initrd by its content. Nothing boots it.</summary>
public static class FakeBootFiles
{
    /// <summary>A bzImage's setup header of protocol 2.15, and nothing else.</summary>
    public static byte[] Kernel { get; } = [.. new byte[0x202], .. "HdrS"u8, 0x0f, 0x02];

    public static byte[] Initrd { get; } = [.. "070701"u8, .. new byte[104]];

    /// <summary>A file of that many bytes, sparse behind its beginning.</summary>
    public static void Write(string path, byte[] beginning, long size)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        file.Write(beginning);
        file.SetLength(size);
    }
}
