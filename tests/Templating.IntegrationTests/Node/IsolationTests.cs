using System.Security.Cryptography;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>What one clone does, no other sees, and the template stays what it was.</summary>
public sealed class IsolationTests(SharedNode shared) : SharedNodeTest(shared)
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task ClonesThatWriteTheSameFileSeeTheirOwnAndTheTemplateStaysAsItWas()
    {
        var template = await Client.GetTemplateAsync(Limit);
        var clones = await Task.WhenAll(CloneAsync(), CloneAsync());
        const string Write = "yes \"$0\" | head -c 16000000 >/run/same";

        // The last line may be cut.
        const string Foreign = "head -n 1 /run/same; grep -vcxF \"$(head -n 1 /run/same)\" /run/same";

        await Task.WhenAll(clones.Select(c => Client.ExecAsync(
            new ExecStart { Name = c.Name, Arguments = { "sh", "-c", Write, $"I am {c.Id}" } }, Limit)));
        var read = await Task.WhenAll(clones.Select(c => ShellAsync(c, Foreign)));
        var fresh = await CloneAsync();

        read[0].Output.ShouldBeOneOf($"I am {clones[0].Id}\n0\n", $"I am {clones[0].Id}\n1\n");
        read[1].Output.ShouldBeOneOf($"I am {clones[1].Id}\n0\n", $"I am {clones[1].Id}\n1\n");
        (await ShellAsync(fresh, "ls /run")).Output.ShouldNotContain("same");
        (await DigestAsync(Path.Combine(Node.Folder.RevisionFolder(template.Name), "memory"))).ShouldBe(template.Memory.Sha256);
        var memory = (await Client.GetAsync(clones[0], Limit, CloneView.Full)).Memory;
        memory.RamPrivate.ShouldBeInRange(16 * MiB, GuestSpecs.MemoryBytes);
    }

    [Fact]
    public async Task FreshCloneCostsAFractionOfItsRam()
    {
        var clone = await CloneAsync();

        var memory = (await Client.GetAsync(clone, Limit, CloneView.Full)).Memory;

        memory.RamPrivate.ShouldBeInRange(1, GuestSpecs.MemoryBytes / 5);
        memory.ImagePrivate.ShouldBe(0);
        memory.Resident.ShouldBeGreaterThan(0);
        (await Client.GetAsync(clone, Limit)).Memory.ShouldBeNull();
    }

    [Fact]
    public async Task WhatClonesTakeIsToldByKindAndWhatTheyShareLiesInMemoryOnce()
    {
        var clones = await Task.WhenAll(CloneAsync(), CloneAsync());

        var shown = await Task.WhenAll(clones.Select(clone => Client.GetAsync(clone, Limit, CloneView.Full)));

        foreach (var clone in shown)
        {
            // What it has not written is its template's and its image's; the rest of what is private is QEMU's, not the guest's.
            clone.Memory.FilesResident.ShouldBeInRange(8 * MiB, 2 * GuestSpecs.MemoryBytes);
            clone.Memory.FilesProportional.ShouldBeInRange(1, clone.Memory.FilesResident * 3 / 4);
            clone.Memory.TranslatedCode.ShouldBeInRange(MiB, 64 * MiB);
            clone.Memory.QemuPrivate.ShouldBeInRange(MiB, clone.Memory.Private - clone.Memory.TranslatedCode);
            clone.CpuTime.ToTimeSpan().ShouldBeGreaterThan(TimeSpan.Zero);
        }

        (await Client.GetAsync(clones[0], Limit)).CpuTime.ShouldBeNull();
    }

    /// <summary>The template was booted with iomem=relaxed, so the attack's stores get as far as a guest's can.</summary>
    [Fact]
    public async Task GuestThatWritesIntoItsImageMakesTheHostSpendNothing()
    {
        var clone = await CloneAsync();
        var before = (await Client.GetAsync(clone, Limit, CloneView.Full)).Memory;

        var attack = await ShellAsync(clone, "templating-attack-nvdimm 200");
        var after = (await Client.GetAsync(clone, Limit, CloneView.Full)).Memory;

        attack.Output.ShouldContain("200", customMessage: attack.Error);
        before.ImagePrivate.ShouldBe(0);
        after.ImagePrivate.ShouldBe(0);
        (after.RamPrivate - before.RamPrivate).ShouldBeLessThan(16 * MiB);
        (await Client.VerifyAsync(Limit)).Sound.ShouldBeTrue();
    }

    private static async Task<string> DigestAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
    }
}
