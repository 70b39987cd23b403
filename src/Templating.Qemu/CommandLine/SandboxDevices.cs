using System.Globalization;
using Templating.Core.Machines;

namespace Templating.Qemu.CommandLine;

/// <summary>What a sandbox has that another machine has not: where its devices are plugged, and a port for its owner.</summary>
internal static class SandboxDevices
{
    public const int Ports = SandboxSlots.Ports;

    /// <summary>Addresses for plugged images: 4 GiB for each port. It is room in the guest's address space and no memory.</summary>
    public const long ImageRoom = Ports * 4096L * MachineSpec.MiB;

    private const int FirstNumber = 8;

    public const string OwnerPortId = "shim-port";

    private const string OwnerPortName = "dev.templating.shim.0";

    /// <summary>In the place of the network card's.</summary>
    public static IReadOnlyList<string> Fingerprint =>
        [$"virtserialport:{OwnerPortName}", "vmgenid", .. Enumerable.Repeat("pcie-root-port", Ports)];

    public static string PortId(int port) => string.Create(CultureInfo.InvariantCulture, $"port{port}");

    /// <summary>Of the bridge in the guest. Its own devices have numbers of 4 and less, and of 31.</summary>
    public static string PortAddress(int port) => string.Create(CultureInfo.InvariantCulture, $"0000:00:{FirstNumber + port:x2}.0");

    public static ReadOnlySpan<string> Build(CharacterDevice owner)
    {
        List<string> arguments =
        [
            "-device", $"virtserialport,id={OwnerPortId},bus=serial.0,nr=3,chardev={owner.Id},name={OwnerPortName}",
        ];
        for (var port = 0; port < Ports; port++)
        {
            arguments.AddRange(["-device", string.Create(CultureInfo.InvariantCulture, $"pcie-root-port,id={PortId(port)},bus=pcie.0,addr={FirstNumber + port:x2}.0,chassis={port + 1},slot={port + 1}")]);
        }

        return arguments.ToArray();
    }
}
