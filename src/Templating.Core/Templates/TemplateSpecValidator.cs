using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;

namespace Templating.Core.Templates;

/// <summary>
/// The rules of a <see cref="TemplateSpec"/>. All faults are gathered, each under its path in the wire API, so that a
/// caller mends a request once. These rules look at no disk; <see cref="GuestFiles"/> looks at the files.
/// </summary>
public static class TemplateSpecValidator
{
    public const int MaxVcpus = 64;

    public const long MinMemoryBytes = 32 * MachineSpec.MiB;

    public const long MaxMemoryBytes = 1024 * 1024 * MachineSpec.MiB;

    /// <summary>RAM is backed by one file that huge pages may map.</summary>
    public const long MemoryAlignment = 2 * MachineSpec.MiB;

    public const int MaxImages = 8;

    /// <summary>x86 boot protocol (Documentation/arch/x86/boot.rst): cmdline_size is 2,047, without the final NUL.</summary>
    public const int MaxCommandLineBytes = 2047;

    /// <summary>PATH_MAX is 4,096 with the final NUL (limits.h).</summary>
    public const int MaxPathBytes = 4095;

    public const int MaxUrl = 2048;

    public const int MaxWarmUpCommands = 32;

    public const int MaxArguments = 256;

    /// <summary>
    /// Of one command. Its arguments go to the guest in one line of at most 262,144 bytes, in base64 (docs/guest-protocol.md).
    /// </summary>
    public const int MaxArgumentBytes = 16 * 1024;

    /// <summary>
    /// Of all commands together. JSON takes up to six bytes for one (\u0027), so this, ten paths and the command line
    /// always fit a manifest of 1 MiB: no build fails at its last step for its spec's size.
    /// </summary>
    public const int MaxWarmUpBytes = 96 * 1024;

    public const int MaxForwards = 32;

    public static readonly TimeSpan MinTimeout = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(1);

    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>No comma: behind one, QEMU reads further options.</summary>
    private static readonly SearchValues<char> ModelCharacters = SearchValues.Create(Letters + "._-");

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>All faults; empty when there is none.</returns>
    public static IReadOnlyList<FieldViolation> Validate(TemplateSpec spec)
    {
        var faults = new Faults();
        CheckGuest(faults, spec.Guest);
        CheckMachine(faults, spec.Machine);
        CheckReadiness(faults, spec.Readiness);
        CheckNetwork(faults, spec.Network);
        return faults.All;
    }

    private static void CheckGuest(Faults faults, GuestSpec guest)
    {
        CheckFile(faults, "kernel", guest.KernelFile(), guest.KernelSource is not null, guest.KernelSource is not null && !string.IsNullOrEmpty(guest.KernelPath));
        if (guest.InitrdFile() is { } initrd)
        {
            CheckFile(faults, "initrd", initrd, guest.InitrdSource is not null, guest.InitrdSource is not null && guest.InitrdPath is not null);
        }

        var line = guest.CommandLine;
        if (line.Length > MaxCommandLineBytes)
        {
            faults.Add("spec.guest.command_line", $"It has {line.Length} bytes; at most {MaxCommandLineBytes} fit the x86 boot protocol.");
        }

        if (line.AsSpan().IndexOfAnyExceptInRange(' ', '~') is var bad and >= 0)
        {
            faults.Add("spec.guest.command_line", $"Character {bad + 1} is U+{(int)line[bad]:X4}; only printable ASCII on one line is allowed.");
        }

        var images = guest.ImageFiles();
        var areSources = guest.ImageSources is not null;
        if (images.Count > MaxImages)
        {
            faults.Add(areSources ? "spec.guest.images" : "spec.guest.image_paths", $"There are {images.Count} images; at most {MaxImages} are allowed.");
        }

        if (areSources && guest.ImagePaths.Count > 0)
        {
            faults.Add("spec.guest.images", "There are image_paths too; use one of them for all images.");
        }

        for (var i = 0; i < Math.Min(images.Count, MaxImages); i++)
        {
            CheckFile(faults, "image", images[i], areSources, isTwice: false, i);
        }
    }

    private static void CheckFile(Faults faults, string file, FileSource? source, bool isSource, bool isTwice, int? index = null)
    {
        var field = GuestSpec.Field(file, isSource, index);
        if (isTwice)
        {
            faults.Add(field, $"There is {file}_path too; use one of them.");
        }

        if (!isSource || source is null)
        {
            CheckPath(faults, field, source?.Path);
            return;
        }

        if (source.Path is null == source.Url is null)
        {
            faults.Add(field, source.Path is null ? "It has neither path nor url; give one." : "It has both path and url; give one.");
            return;
        }

        if (source.Path is not null)
        {
            CheckPath(faults, field + ".path", source.Path);
        }
        else if (source.Url!.Length > MaxUrl || !Uri.TryCreate(source.Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps
            || url.UserInfo.Length > 0 || url.Fragment.Length > 0 || source.Url.Any(c => c is <= ' ' or > '~'))
        {
            faults.Add(field + ".url", $"{Quote.Text(source.Url)} is not a URL of the form https://HOST/PATH with at most {MaxUrl} characters, all ASCII and without a user.");
        }

        if (source.Sha256 is null ? source.Url is not null : !Labels.IsSha256(source.Sha256))
        {
            faults.Add(field + ".sha256", $"{Quote.Text(source.Sha256)} is not a digest: give the 64 lower-case hex digits that 'sha256sum FILE' prints.");
        }
    }

    private static void CheckMachine(Faults faults, MachineSpec machine)
    {
        if (machine.Vcpus is < 1 or > MaxVcpus)
        {
            faults.Add("spec.machine.vcpus", $"{machine.Vcpus} is not allowed; use 1 to {MaxVcpus}.");
        }

        var memory = machine.MemoryBytes;
        if (memory is < MinMemoryBytes or > MaxMemoryBytes || memory % MemoryAlignment != 0)
        {
            faults.Add("spec.machine.memory_bytes", $"{memory} is not allowed; use a multiple of 2 MiB ({MemoryAlignment}) from 32 MiB ({MinMemoryBytes}) to 1 TiB ({MaxMemoryBytes}).");
        }

        if (machine.MaxVcpus is { } maxVcpus && (maxVcpus < machine.Vcpus || maxVcpus > MaxVcpus))
        {
            faults.Add("spec.machine.max_vcpus", $"{maxVcpus} is not allowed; use vcpus ({machine.Vcpus}) to {MaxVcpus}, or 0 for as many as vcpus.");
        }

        if (machine.MaxMemoryBytes is { } maxMemory && (maxMemory < memory || maxMemory > MaxMemoryBytes || maxMemory % MemoryAlignment != 0))
        {
            faults.Add("spec.machine.max_memory_bytes", $"{maxMemory} is not allowed; use a multiple of 2 MiB ({MemoryAlignment}) from memory_bytes ({memory}) to 1 TiB ({MaxMemoryBytes}), or 0 for as much as memory_bytes.");
        }

        var type = machine.MachineType;
        var isQ35 = type is "q35" || (type is not null && type.Length is > 7 and <= 64
            && type.StartsWith("pc-q35-", StringComparison.Ordinal) && !type.AsSpan().ContainsAnyExcept(ModelCharacters));
        if (!isQ35)
        {
            faults.Add("spec.machine.machine_type", $"{Quote.Text(type)} is not a q35 machine; use 'q35' or a versioned type such as 'pc-q35-10.0'.");
        }

        var model = machine.CpuModel;
        if (model is not null && (model.Length is 0 or > 64 || model.AsSpan().ContainsAnyExcept(ModelCharacters) || !char.IsAsciiLetterOrDigit(model[0])))
        {
            faults.Add("spec.machine.cpu_model", $"{Quote.Text(model)} is not a CPU model; use 1 to 64 letters, digits, '.', '_' and '-', without feature flags, or leave it out.");
        }

        if (machine.Accelerator is { } accelerator && !Enum.IsDefined(accelerator))
        {
            faults.Add("spec.machine.accelerator", $"{(int)accelerator} is not known; use KVM or TCG, or leave it out.");
        }
    }

    private static void CheckReadiness(Faults faults, ReadinessSpec readiness)
    {
        if (readiness.Timeout < MinTimeout || readiness.Timeout > MaxTimeout)
        {
            faults.Add("spec.readiness.timeout", $"{readiness.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s is not allowed; use 1 s to 1 h.");
        }

        if (readiness.WarmUp.Count > MaxWarmUpCommands)
        {
            faults.Add("spec.readiness.warm_up", $"There are {readiness.WarmUp.Count} commands; at most {MaxWarmUpCommands} are allowed: put them into a script.");
        }

        for (var i = 0; i < Math.Min(readiness.WarmUp.Count, MaxWarmUpCommands); i++)
        {
            CheckCommand(faults, $"spec.readiness.warm_up[{i}]", readiness.WarmUp[i]);
        }

        var total = readiness.WarmUp.Take(MaxWarmUpCommands).Sum(c => c?.Take(MaxArguments).Sum(ArgumentBytes) ?? 0);
        if (total > MaxWarmUpBytes)
        {
            faults.Add("spec.readiness.warm_up", $"All arguments together have {total} bytes, each with a final NUL; at most {MaxWarmUpBytes} are allowed: put them into scripts.");
        }
    }

    private static void CheckCommand(Faults faults, string field, IReadOnlyList<string>? arguments)
    {
        if (arguments is null || arguments.Count is 0 or > MaxArguments)
        {
            faults.Add(field, $"It has {arguments?.Count ?? 0} arguments; use 1 to {MaxArguments}, the first being the program.");
            return;
        }

        if (arguments[0] is { Length: 0 })
        {
            faults.Add(field, "Its program is empty; name one.");
        }

        if (arguments.Any(a => a is null || a.Contains('\0', StringComparison.Ordinal) || Utf8Length(a) < 0))
        {
            faults.Add(field, "An argument is null, holds a NUL or is not Unicode; no program can be given that.");
        }
        else if (arguments.Sum(ArgumentBytes) is var bytes and > MaxArgumentBytes)
        {
            faults.Add(field, $"Its arguments have {bytes} bytes, each with a final NUL; at most {MaxArgumentBytes} are allowed: put them into a script.");
        }
    }

    private static long ArgumentBytes(string? argument) => argument is null ? 1 : Math.Max(Utf8Length(argument), 0) + 1L;

    private static void CheckNetwork(Faults faults, NetworkSpec network)
    {
        var forwards = network.Forwards;
        if (forwards.Count > MaxForwards)
        {
            faults.Add("spec.network.forwards", $"There are {forwards.Count} forwards; at most {MaxForwards} are allowed.");
        }

        for (var i = 0; i < Math.Min(forwards.Count, MaxForwards); i++)
        {
            var field = $"spec.network.forwards[{i}]";
            if (forwards[i] is not { } forward)
            {
                faults.Add(field, "It is null; name a guest port.");
                continue;
            }

            CheckForward(faults, field, forward);
            CheckRepeats(faults, field, forwards, i);
        }
    }

    private static void CheckForward(Faults faults, string field, PortForward forward)
    {
        if (forward.GuestPort is < 1 or > 65535)
        {
            faults.Add(field + ".guest_port", $"{forward.GuestPort} is not a port; use 1 to 65535.");
        }

        if (forward.HostPort is < 0 or > 65535)
        {
            faults.Add(field + ".host_port", $"{forward.HostPort} is not a port; use 1 to 65535, or 0 for any free one.");
        }

        // Written as it reads back: inet_aton takes 0177.1 for 127.0.0.1, and what a rule reads QEMU must read.
        if (!IPAddress.TryParse(forward.HostAddress, out var address) || address.AddressFamily != AddressFamily.InterNetwork
            || !string.Equals(address.ToString(), forward.HostAddress, StringComparison.Ordinal))
        {
            faults.Add(field + ".host_address", $"{Quote.Text(forward.HostAddress)} is not an IPv4 address; use one such as '127.0.0.1'.");
        }
    }

    private static void CheckRepeats(Faults faults, string field, IReadOnlyList<PortForward> forwards, int index)
    {
        var forward = forwards[index];
        for (var j = 0; j < index; j++)
        {
            if (forwards[j] is not { } earlier)
            {
                continue;
            }

            if (earlier.GuestPort == forward.GuestPort)
            {
                faults.Add(field + ".guest_port", $"Port {forward.GuestPort} is forwarded by forwards[{j}] already; name each guest port once.");
                return;
            }

            if (forward.HostPort != 0 && earlier.HostPort == forward.HostPort
                && string.Equals(earlier.HostAddress, forward.HostAddress, StringComparison.Ordinal))
            {
                faults.Add(field + ".host_port", $"Port {forward.HostPort} is taken by forwards[{j}] already; choose another, or 0 for any free one.");
                return;
            }
        }
    }

    private static void CheckPath(Faults faults, string field, string? path)
    {
        if (string.IsNullOrEmpty(path) || path[0] != '/')
        {
            faults.Add(field, $"{Quote.Text(path)} is not an absolute path; give one on the node.");
            return;
        }

        if (Utf8Length(path) is var bytes and (< 0 or > MaxPathBytes))
        {
            faults.Add(field, bytes < 0 ? "The path is not Unicode; rename the file." : $"The path has {bytes} bytes; at most {MaxPathBytes} are possible.");
            return;
        }

        if (path.Any(char.IsControl))
        {
            faults.Add(field, $"{Quote.Text(path)} holds a control character; rename the file.");
            return;
        }

        if (!string.Equals(Path.GetFullPath(path), path, StringComparison.Ordinal) || path[^1] == '/')
        {
            faults.Add(field, $"{Quote.Text(path)} is not in its shortest form; leave out '.', '..', '//' and a final '/'.");
        }
    }

    /// <summary>-1 when it holds half a surrogate pair.</summary>
    private static int Utf8Length(string text)
    {
        try
        {
            return StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            return -1;
        }
    }

    private sealed class Faults
    {
        private readonly List<FieldViolation> _all = [];

        public IReadOnlyList<FieldViolation> All => _all;

        public void Add(string field, string description) => _all.Add(new FieldViolation(field, description));
    }
}
