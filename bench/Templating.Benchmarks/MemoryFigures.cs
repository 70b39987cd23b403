using System.Security.Cryptography;
using System.Text;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>Many clones at once: what each costs, whether each keeps its own writes, whether the template stays as it was.</summary>
internal sealed class MemoryFigures(Daemon daemon, GuestTemplate template, Folders folders, Samples samples)
{
    private const int BlockBytes = 1 << 20;
    private const int Blocks = 20;
    private const double MiB = 1 << 20;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(6);

    /// <summary>A block of the clone's own pattern, many times over, in the guest's RAM.</summary>
    private static readonly string Write =
        $"yes \"$0\" | head -c {BlockBytes} >/dev/shm/block && for i in $(seq {Blocks}); do cat /dev/shm/block; done >/dev/shm/own";

    public async Task RunAsync(int count, CancellationToken cancellationToken)
    {
        var clones = await CreateAsync(count, cancellationToken);
        samples.Add("daemon.resident_at_work_mib", Processes.ResidentBytes(daemon.Pid) / MiB);

        // The daemon gives its garbage back once it rests, which it looks at every two seconds.
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);
        samples.Add("daemon.resident_mib", Processes.ResidentBytes(daemon.Pid) / MiB);
        foreach (var clone in clones)
        {
            var memory = (await GetFullAsync(clone, cancellationToken)).Memory;
            samples.Add("memory.fresh.ram_private_percent", 100.0 * memory.RamPrivate / template.Template.Machine.MemoryBytes);
            samples.Add("memory.fresh.proportional_mib", memory.Proportional / MiB);
            samples.Add("memory.fresh.shared_mib", memory.Shared / MiB);
            samples.Add("memory.fresh.private_mib", memory.Private / MiB);
            samples.Add("memory.fresh.image_private_mib", memory.ImagePrivate / MiB);
        }

        samples.Add("daemon.resident_after_reading_memory_mib", Processes.ResidentBytes(daemon.Pid) / MiB);
        foreach (var clone in clones)
        {
            await ExecAsync(clone, Write, cancellationToken);
        }

        // Only when all have written: a leak between clones would show in the one that wrote first.
        foreach (var clone in clones)
        {
            var digest = (await ExecAsync(clone, "md5sum </dev/shm/own", cancellationToken)).Split(' ')[0];
            samples.Add("memory.clone_sees_its_own", digest == ExpectedDigest(clone.Id) ? 1 : 0);
            samples.Add("memory.written.ram_private_mib", (await GetFullAsync(clone, cancellationToken)).Memory.RamPrivate / MiB);
        }

        await daemon.DeleteClonesAsync(cancellationToken);
        samples.Add("memory.template_unchanged", await TemplateIsUnchangedAsync(cancellationToken) ? 1 : 0);
    }

    private async Task<List<VmClone>> CreateAsync(int count, CancellationToken cancellationToken)
    {
        var clones = new List<VmClone>();
        using var call = daemon.Client.Clones.CreateClones(
            new CreateClonesRequest { Spec = template.NewClone(), Count = count }, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var result = call.ResponseStream.Current;
            clones.Add(result.Error is null
                ? result.Clone_
                : throw new BenchmarkException($"A clone did not start: {result.Error.Message}"));
        }

        return clones;
    }

    private async Task<VmClone> GetFullAsync(VmClone clone, CancellationToken cancellationToken) =>
        await daemon.Client.Clones.GetCloneAsync(
            new GetCloneRequest { Name = clone.Name, View = CloneView.Full }, cancellationToken: cancellationToken);

    private async Task<string> ExecAsync(VmClone clone, string script, CancellationToken cancellationToken)
    {
        using var call = daemon.Client.Clones.ExecClone(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new ExecCloneRequest
        {
            Start = new ExecStart { Name = clone.Name, Arguments = { "sh", "-c", script, clone.Id } },
        }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        var output = new StringBuilder();
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var response = call.ResponseStream.Current;
            output.Append((response.StandardOutput ?? response.StandardError)?.ToStringUtf8());
            if (response.Exit is { Code: not 0 } exit)
            {
                throw new BenchmarkException($"'{script}' ended with {exit.Code} in {clone.Name}: {output}");
            }
        }

        return output.ToString();
    }

    private static string ExpectedDigest(string id)
    {
        var line = Encoding.UTF8.GetBytes(id + "\n");
        var block = new byte[BlockBytes];
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = line[i % line.Length];
        }

#pragma warning disable CA5351 // busybox has it in the guest, and it is the cheapest there; nobody forges anything here.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        for (var i = 0; i < Blocks; i++)
        {
            hash.AppendData(block);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<bool> TemplateIsUnchangedAsync(CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(Path.Combine(template.FolderIn(folders.Store), "memory"));
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)) == template.Template.Memory.Sha256;
    }
}
