using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Templating.Core.Machines;

namespace Templating.Qemu.CommandLine;

/// <summary>Turns a launch into QEMU's arguments. Pure, so that tests read the whole of it.</summary>
internal static class QemuCommandLine
{
    /// <summary>QEMU tells of a port's opening and closing only where it has an id.</summary>
    public const string GuestPortId = "guest-port";

    /// <summary>In how many steps RAM may grow.</summary>
    public const int DimmSlots = SandboxSlots.Memory;

    /// <summary>QEMU opens a descriptor it has inherited as a file where it is in a set (qemu(1), -add-fd).</summary>
    public const string StatePath = "/dev/fdset/1";

    public const int StateSet = 1;

    public const string RamId = "ram";
    public const string NetworkId = "net0";

    /// <summary>
    /// The same in each VM, and QEMU's own for a first card. A VM's network ends at its QEMU or its passt, so no two ever meet; and
    /// what the user network remembers of its guest, frozen with it, it remembers under this address (ADR 0016).
    /// </summary>
    private const string CardAddress = "52:54:00:12:34:56";

    public static string ImageId(int number) => string.Create(CultureInfo.InvariantCulture, $"image{number}");

    public static IReadOnlyList<string> Build(QemuLaunch launch)
    {
        var arguments = new List<string>
        {
            launch.QemuPath,
            "-nodefaults",
            "-no-user-config",
            "-display", "none",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            // A clone has no kernel to reboot with, and a template that reboots is no template.
            "-action", "reboot=shutdown,shutdown=poweroff,panic=shutdown",
        };
        AddMachine(arguments, launch);
        AddSockets(arguments, launch.Sockets, launch.Owner);
        AddDevices(arguments, launch);
        if (launch.StateDescriptor is { } state)
        {
            arguments.AddRange("-add-fd", string.Create(CultureInfo.InvariantCulture, $"fd={state},set={StateSet}"));
        }

        AddBeginning(arguments, launch.Beginning);
        return arguments;
    }

    /// <summary>The devices as part of a machine's fingerprint: what a state depends on, less what each VM has of its own.</summary>
    /// <param name="imageCount">NVDIMMs.</param>
    /// <param name="sandbox">Whether it can be plugged into.</param>
    /// <param name="port">See <see cref="LaterCpus"/>.</param>
    public static IReadOnlyList<string> Fingerprint(int imageCount, bool sandbox, bool port) =>
    [
        "virtio-serial-pci", "virtserialport:org.qemu.guest_agent.0", "virtserialport:dev.templating.guest.0",
        .. sandbox ? SandboxDevices.Fingerprint : ["vmgenid", "virtio-net-pci"],
        "isa-serial", .. LaterCpus.Fingerprint(port), .. Enumerable.Repeat("nvdimm", imageCount),
    ];

    private static void AddMachine(List<string> arguments, QemuLaunch launch)
    {
        var machine = launch.Machine;
        // Without SMM, USB and HPET, and mostly without VMware's port and the i8042: less surface, less to set up in each start.
        var option = new Option(machine.MachineType);
        if (launch.Ram is not null)
        {
            option.With("memory-backend", RamId);
        }

        arguments.AddRange("-machine", option.With("nvdimm", launch.Images.Count > 0).With("smm", value: false)
            .WithPort(LaterCpus.NeedPort(machine)).With("usb", value: false).With("graphics", value: false)
            .With("hpet", value: false).With("dump-guest-core", value: false).ToString());
        arguments.AddRange("-accel", machine.Accelerator == Accelerator.Kvm
            ? "kvm"
            : new Option("tcg").With("tb-size", launch.TcgBufferMiB).ToString());
        arguments.AddRange(LaterCpus.Build(machine));
        if (launch.Ram is { } ram)
        {
            var room = MemoryRoom.Of(machine, launch.Images);
            var memory = new Option($"size={room.Bytes}B");
            if (room.Slots > 0)
            {
                memory.With("slots", room.Slots).With("maxmem", $"{room.MostBytes}B");
            }

            arguments.AddRange("-m", memory.ToString(), "-object", Backend(ram));
        }
    }

    private static string Backend(MemoryBackend backend)
    {
        var flags = MemoryBackends.FlagsFor(backend.Role);
        return new Option("memory-backend-file").With("id", backend.Id).With("size", backend.Bytes)
            .With("mem-path", backend.Path).With("share", flags.Share).With("readonly", flags.ReadOnly)
            .With("rom", MemoryBackend.RomWord(flags.Rom)).ToString();
    }

    private static void AddSockets(List<string> arguments, VmSockets<CharacterDevice> sockets, CharacterDevice? owner)
    {
        foreach (var device in (IEnumerable<CharacterDevice>)(owner is null ? sockets.All : [.. sockets.All, owner]))
        {
            arguments.AddRange("-chardev", new Option("socket").With("id", device.Id).With("fd", device.Descriptor)
                .With("server", value: true).With("wait", value: false).ToString());
        }

        arguments.AddRange("-mon", new Option($"chardev={sockets.Qmp.Id}").With("mode", "control").ToString());
    }

    private static void AddDevices(List<string> arguments, QemuLaunch launch)
    {
        arguments.AddRange(
            "-device", "virtio-serial-pci,id=serial",
            "-device", $"virtserialport,bus=serial.0,nr=1,chardev={launch.Sockets.Agent.Id},name=org.qemu.guest_agent.0",
            "-device", $"virtserialport,id={GuestPortId},bus=serial.0,nr=2,chardev={launch.Sockets.Guest.Id},name=dev.templating.guest.0",
            "-device", $"vmgenid,guid={launch.Generation?.ToString("D") ?? "auto"}");
        if (launch.Owner is { } owner)
        {
            arguments.AddRange(SandboxDevices.Build(owner));
        }
        else
        {
            arguments.AddRange(Networks(launch.Network));
            // Without its option ROM: nothing boots from the network. The guest does not announce itself after a restore: QEMU
            // does it for it (RARP), and passt, which is new then, learns the card's address from that.
            arguments.AddRange("-device", $"virtio-net-pci,netdev={NetworkId},mac={CardAddress},romfile=,guest_announce=off");
        }

        arguments.AddRange("-device", $"isa-serial,chardev={launch.Sockets.Console.Id}");
        foreach (var image in launch.Images)
        {
            if (launch.Ram is not null)
            {
                arguments.AddRange("-object", Backend(image));
            }

            // unarmed: a read-only backend needs it, and tells the guest that the region is read-only.
            arguments.AddRange("-device", new Option("nvdimm").With("memdev", image.Id).With("unarmed", value: true).ToString());
        }
    }

    /// <summary>
    /// QEMU's user network has a section of its own in a frozen state, and a QEMU without one cannot read that. So each has
    /// one; where another network is in use it is closed, and leads nowhere.
    /// </summary>
    private static string[] Networks(NetworkBackend network) => network switch
    {
        NetworkBackend.User user => ["-netdev", UserNetwork(NetworkId, user)],
        NetworkBackend.Stream stream =>
        [
            "-netdev", new Option("stream").With("id", NetworkId).With("server", value: false)
                .With("addr.type", "fd").With("addr.str", stream.Descriptor).ToString(),
            "-netdev", UserNetwork("unused", new NetworkBackend.User(Outbound: false, [])),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(network)),
    };

    private static string UserNetwork(string id, NetworkBackend.User user)
    {
        var option = new Option("user").With("id", id).With("restrict", !user.Outbound);
        foreach (var forward in user.Forwards)
        {
            option.With("hostfwd", ForwardRule(forward));
        }

        return option.ToString();
    }

    public static string ForwardRule(PortForward forward)
    {
        // Parsed already by the caller; printed from the address so that nothing else can get in here.
        var address = IPAddress.Parse(forward.HostAddress);
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        return $"tcp:{host}:{forward.HostPort}-:{forward.GuestPort}";
    }

    private static void AddBeginning(List<string> arguments, Beginning beginning)
    {
        switch (beginning)
        {
            case Beginning.Boot boot:
                // Not before its mappings have been checked and what it must not see has been taken away.
                arguments.AddRange("-S", "-kernel", boot.KernelPath, "-append", boot.CommandLine);
                if (boot.InitrdPath is not null)
                {
                    arguments.AddRange("-initrd", boot.InitrdPath);
                }

                break;
            case Beginning.Incoming:
                arguments.AddRange("-S", "-incoming", "defer");
                break;
            case Beginning.Blank:
                arguments.AddRange("-S", "-incoming", "defer", "-preconfig");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(beginning));
        }
    }

    private static void AddRange(this List<string> list, params ReadOnlySpan<string> values) =>
        CollectionExtensions.AddRange(list, values);
}
