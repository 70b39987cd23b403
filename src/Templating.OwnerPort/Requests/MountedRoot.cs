using System.Buffers;
using System.Text;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <param name="Path">In the guest: what <c>root.path</c> and the sources of bind mounts in a <c>config.json</c> begin with.</param>
/// <param name="ImageDevice">The guest's name of the image's device; empty without one.</param>
/// <param name="UpperDevice">The guest's name of the upper's disk; empty without one.</param>
/// <param name="Dax">Whether the image's pages are the host's.</param>
public sealed record MountedRoot(string Path, string ImageDevice, string UpperDevice, bool Dax)
{
    private const int Parts = 4;

    private static readonly SearchValues<byte> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/\n"u8);

    /// <summary>The path is the protocol's and not the guest's to choose: a caller writes it into what the guest's crun obeys.</summary>
    internal static MountedRoot Read(string name, ReadOnlySpan<byte> payload)
    {
        var path = $"/run/templating/roots/{name}/root";
        var limit = path.Length + (2 * PortLimits.DeviceText) + "\n\n\ndax".Length;
        if (payload.Length > limit || payload.ContainsAnyExcept(Plain))
        {
            throw new OwnerPortException($"The guest answered to MOUNT by {payload.Length} bytes that are no root: '{Answers.Words(payload)}'.");
        }

        var said = Encoding.ASCII.GetString(payload).Split('\n');
        return said.Length == Parts && said[0] == path && said[Parts - 1] is "dax" or "" && !said[1].Contains('/') && !said[2].Contains('/')
            ? new MountedRoot(path, said[1], said[2], said[Parts - 1].Length > 0)
            : throw new OwnerPortException($"The guest answered to MOUNT by '{Answers.Words(payload)}'; expected {path} and its devices.");
    }
}
