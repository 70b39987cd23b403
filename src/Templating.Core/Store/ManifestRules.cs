using Templating.Contract;
using Templating.Core.Machines;
using Templating.Core.Templates;

namespace Templating.Core.Store;

/// <summary>Bounds of every field of a manifest, checked after it was parsed and before anything relies on it.</summary>
internal static class ManifestRules
{
    private const int MaxText = 256;
    private const int MaxDevices = 256;
    private const int MaxDeviceText = 1024;
    private const int MaxPhases = 32;

    /// <summary>Null when sound, else the first problem, as the end of a sentence that begins with the manifest's path.</summary>
    public static string? Check(Manifest m) =>
        CheckNames(m) ?? CheckSpec(m) ?? CheckMachine(m) ?? CheckFiles(m) ?? CheckUnits(m) ?? CheckPhases(m);

    private static string? CheckNames(Manifest m)
    {
        if (m.FormatVersion != StoreLimits.FormatVersion)
        {
            return $"has format version {m.FormatVersion}; expected is {StoreLimits.FormatVersion}";
        }

        if (Labels.Check("tenant", m.Tenant) is { } tenant)
        {
            return "has a bad tenant: " + tenant.Description;
        }

        if (Labels.Check("template", m.Template) is { } template)
        {
            return "has a bad template: " + template.Description;
        }

        return m.RequestId is null || IsText(m.RequestId, 128) ? null : "has a requestId that is empty, too long or not printable ASCII";
    }

    private static string? CheckSpec(Manifest m)
    {
        var violations = TemplateSpecValidator.Validate(m.Spec);
        return violations.Count == 0 ? null : $"has a spec that breaks the rules: {violations[0].Field}: {violations[0].Description}";
    }

    private static string? CheckMachine(Manifest m)
    {
        var machine = m.Machine;
        if (!IsText(machine.QemuVersion, MaxText) || !IsText(machine.MachineType, MaxText) || !IsText(machine.CpuModel, MaxText)
            || (machine.HostCpu is not null && !IsText(machine.HostCpu, MaxText)))
        {
            return $"has a machine with a text that is empty, longer than {MaxText} or not printable ASCII";
        }

        if (!Enum.IsDefined(machine.Accelerator) || !Enum.IsDefined(m.Agent))
        {
            return "has an unknown accelerator or agent";
        }

        if (machine.Vcpus != m.Spec.Machine.Vcpus || machine.MemoryBytes != m.Spec.Machine.MemoryBytes)
        {
            return $"has a machine of {machine.Vcpus} CPUs and {machine.MemoryBytes} bytes where its spec asks for {m.Spec.Machine.Vcpus} and {m.Spec.Machine.MemoryBytes}";
        }

        if (machine.MaxVcpus != m.Spec.Machine.MaxVcpus || machine.MaxMemoryBytes != m.Spec.Machine.MaxMemoryBytes)
        {
            return "has a machine that may grow to something else than its spec asks for";
        }

        if (machine.Sandbox != m.Spec.Sandbox)
        {
            return $"has a machine that is {(machine.Sandbox ? "a" : "no")} sandbox where its spec asks for {(m.Spec.Sandbox ? "one" : "none")}";
        }

        return machine.Devices.Count <= MaxDevices && machine.Devices.All(d => IsText(d, MaxDeviceText))
            ? null
            : $"has more than {MaxDevices} devices or one that is empty, longer than {MaxDeviceText} or not printable ASCII";
    }

    private static string? CheckFiles(Manifest m)
    {
        if (m.Memory.Size != m.Machine.MemoryBytes)
        {
            return $"has a memory of {m.Memory.Size} bytes for a machine of {m.Machine.MemoryBytes}";
        }

        if (m.Images.Count != m.Spec.Guest.ImageFiles().Count)
        {
            return $"has {m.Images.Count} images for {m.Spec.Guest.ImageFiles().Count} that its spec names";
        }

        if ((m.Initrd is null) != (m.Spec.Guest.InitrdFile() is null))
        {
            return "has a digest of an initrd without its path, or the path without the digest";
        }

        return CheckDigest("memory", m.Memory, FileLimits.MaxBytes)
            ?? (m.MemoryBlocks is null || Labels.IsSha256(m.MemoryBlocks) ? null
                : $"has memoryBlocks that are not 64 lower-case hex digits: {Quote.Text(m.MemoryBlocks)}")
            ?? CheckDigest("state", m.State, StoreLimits.StateBytes)
            ?? CheckDigest("kernel", m.Kernel, FileLimits.MaxBytes)
            ?? (m.Initrd is null ? null : CheckDigest("initrd", m.Initrd, FileLimits.MaxBytes))
            ?? m.Images.Select(CheckImage).FirstOrDefault(p => p is not null);
    }

    private static string? CheckImage(FileDigest? image, int index)
    {
        var name = $"images[{index}]";
        return image is null ? $"has a null for {name}"
            : CheckDigest(name, image, FileLimits.MaxBytes)
            ?? (image.Size % FileLimits.ImageAlignment == 0 ? null : $"has {name} of {image.Size} bytes, not a multiple of {FileLimits.ImageAlignment}");
    }

    private static string? CheckDigest(string name, FileDigest digest, long maxSize)
    {
        if (digest.Size <= 0 || digest.Size > maxSize)
        {
            return $"has a {name} of {digest.Size} bytes; allowed are 1 to {maxSize}";
        }

        return Labels.IsSha256(digest.Sha256) ? null : $"has for {name} a sha256 that is not 64 lower-case hex digits: {Quote.Text(digest.Sha256)}";
    }

    private static string? CheckUnits(Manifest m) =>
        m.FailedUnits is null || (m.FailedUnits.Count is > 0 and <= StoreLimits.FailedUnits && m.FailedUnits.All(unit => IsText(unit, StoreLimits.UnitName)))
            ? null
            : $"has failedUnits that are none, more than {StoreLimits.FailedUnits}, or not printable ASCII";

    private static string? CheckPhases(Manifest m) =>
        m.PhaseMilliseconds.Count <= MaxPhases
        && m.PhaseMilliseconds.All(p => IsText(p.Key, 64) && double.IsFinite(p.Value) && p.Value >= 0)
            ? null
            : $"has more than {MaxPhases} phases or one with a bad name or time";

    private static bool IsText(string? text, int maxLength) =>
        text is { Length: > 0 } && text.Length <= maxLength && text.All(c => c is >= ' ' and <= '~');
}
