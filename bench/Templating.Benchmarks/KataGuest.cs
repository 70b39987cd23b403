using System.Text.Json.Nodes;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>The same guest, for a template made Kata's way.</summary>
internal sealed record KataGuest(CommandLine Boot, string GuestFolder, Template Template)
{
    public JsonObject Request(string operation, Folders folders) => new()
    {
        ["op"] = operation,
        ["folder"] = folders.Kata,
        ["memory"] = Path.Combine(folders.Kata, "memory"),
        ["state"] = Path.Combine(folders.Kata, "state"),
        ["memory_bytes"] = Template.Machine.MemoryBytes,
        ["qemu"] = Boot.Words[0],
        ["accelerator"] = Template.Machine.Accelerator == Accelerator.Kvm ? "kvm" : "tcg",
        ["kernel"] = Path.Combine(GuestFolder, "vmlinux"),
        ["initrd"] = Path.Combine(GuestFolder, "initrd"),
        ["image"] = Path.Combine(GuestFolder, "rootfs.img"),
        ["command_line"] = GuestTemplate.KernelCommandLine,
    };
}
