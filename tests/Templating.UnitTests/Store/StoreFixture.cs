using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.UnitTests.Store;

/// <summary>A store in a folder of its own, and the shortest way to have revisions in it.</summary>
internal sealed class StoreFixture : IDisposable
{
    public const long MemoryBytes = 32 * MachineSpec.MiB;

    public static readonly TemplateName Web = new("acme", "web");

    public StoreFixture(string? root = null)
    {
        Root = root ?? Folder.At("s");
        Store = Open();
    }

    public TempFolder Folder { get; } = new();

    public string Root { get; }

    public TemplateStore Store { get; private set; }

    public string Staging => Path.Combine(Root, "staging");

    /// <summary>Without fs-verity: where the filesystem has it, no test could flip a byte.</summary>
    public TemplateStore Open(bool verity = false) =>
        new(new StoreOptions { Root = Root, ReservedBytes = 0, FsVerity = verity }, NullLogger<TemplateStore>.Instance);

    public void Reopen(bool verity = false)
    {
        Store.Dispose();
        Store = Open(verity);
    }

    public string MakeImage(string name, byte content, int mebibytes = 2)
    {
        var path = Folder.At(name);
        var bytes = new byte[mebibytes * 1024 * 1024];
        bytes.AsSpan(0, 4096).Fill(content);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public static void Fill(StagedRevision staged)
    {
        using var memory = File.OpenHandle(staged.MemoryPath, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(memory, RandomNumberGenerator.GetBytes(20_000), 123_456);
        RandomAccess.Write(memory, new byte[1_000_000], 8_000_000);
        RandomAccess.Write(memory, RandomNumberGenerator.GetBytes(4096), MemoryBytes - 4096);
        File.WriteAllBytes(staged.StatePath, RandomNumberGenerator.GetBytes(5000));
    }

    public async Task<Revision> PublishAsync(
        TemplateName? name = null, DateTimeOffset? createdAt = null, params string[] images)
    {
        using var staged = Store.Stage(MemoryBytes, owner: null);
        return await FillAndPublishAsync(staged, name ?? Web, createdAt, images);
    }

    public static async Task<Revision> FillAndPublishAsync(
        StagedRevision staged, TemplateName name, DateTimeOffset? createdAt = null, params string[] images)
    {
        Fill(staged);
        var digests = new List<FileDigest>();
        foreach (var image in images)
        {
            digests.Add(await staged.ImportImageAsync(image, GuestFilePolicy.Anywhere, CancellationToken.None));
        }

        return await staged.PublishAsync(
            (memory, state) => Manifests.Sound(name, createdAt) with
            {
                Memory = memory,
                State = state,
                Images = digests,
                Spec = Manifests.Sound().Spec with { Guest = Manifests.Sound().Spec.Guest with { ImagePaths = images } },
            },
            CancellationToken.None);
    }

    public void Dispose()
    {
        Store.Dispose();
        Folder.Dispose();
    }

    /// <summary>Opens a sealed folder to mischief; without root that takes one step more.</summary>
    public static void Unseal(Revision revision) => File.SetUnixFileMode(revision.Path, (UnixFileMode)0b111_101_101);

    /// <summary>Changes one byte where it lies, as a bad disk or an intruder would.</summary>
    public static void FlipByte(string path, long offset)
    {
        var mode = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            var one = new byte[1];
            RandomAccess.Read(file, one, offset);
            one[0] ^= 1;
            RandomAccess.Write(file, one, offset);
        }

        File.SetUnixFileMode(path, mode);
    }
}
