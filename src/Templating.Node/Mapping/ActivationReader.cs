using Templating.Core.Names;

namespace Templating.Node.Mapping;

/// <summary>Reads what makes a waiting VM a clone. The pod judges it again; here all faults are told together.</summary>
internal static class ActivationReader
{
    private const int MaxFiles = 64;
    private const int MaxFileBytes = 512 << 10;
    private const int MaxPath = 255;
    private const uint MaxMode = 0x1ff;
    private const int FirstPort = 1024;

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <returns>For the guest to confirm its identity.</returns>
    public static TimeSpan Check(V1.Activation? activation)
    {
        var faults = new Faults();
        var wire = activation ?? new V1.Activation();
        faults.Require(
            Guid.TryParseExact(wire.RequestId, "D", out var id) && id != Guid.Empty,
            "activation.request_id", $"{Quote.Text(wire.RequestId)} is not a UUID; give the VMClone's uid.");
        faults.RequireLabel("activation.id", wire.Id);
        faults.Require(
            wire.Hostname.Length == 0 || (wire.Hostname.Length <= 64 && wire.Hostname.Split('.').All(Labels.IsLabel)),
            "activation.hostname", $"{Quote.Text(wire.Hostname)} is not a host name: use RFC 1123 labels with '.' between, at most 64 characters in all.");
        FieldReader.Environment("activation.environment", wire.Environment, faults);
        faults.Require(
            wire.UserData.Length <= FieldReader.MaxBytes, "activation.user_data", $"It has {wire.UserData.Length} bytes; at most {FieldReader.MaxBytes} are allowed.");
        CheckFiles(wire, faults);
        NetworkMapping.FromWire("activation", new V1.NetworkSpec { Forwards = { wire.Forwards } }, faults);
        foreach (var (index, forward) in wire.Forwards.Index())
        {
            faults.Require(
                forward.HostPort is >= FirstPort and <= 65535, $"activation.forwards[{index}].host_port",
                $"{forward.HostPort} is not between {FirstPort} and 65535: a pod without privileges cannot listen below.");
        }

        var timeout = FieldReader.Duration(
            "activation.identity_timeout", wire.IdentityTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), faults);
        faults.ThrowIfAny();
        return timeout ?? DefaultTimeout;
    }

    private static void CheckFiles(V1.Activation wire, Faults faults)
    {
        faults.Require(wire.Files.Count <= MaxFiles, "activation.files", $"It has {wire.Files.Count} entries; at most {MaxFiles} are allowed.");
        var bytes = wire.Files.Sum(file => (long)file.Content.Length);
        faults.Require(bytes <= MaxFileBytes, "activation.files", $"They have {bytes} bytes; at most {MaxFileBytes} are allowed.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, file) in wire.Files.Take(MaxFiles).Index())
        {
            var field = $"activation.files[{index}]";
            faults.Require(
                IsPath(file.Path), $"{field}.path", $"{Quote.Text(file.Path)} is not an absolute path in its shortest form of at most {MaxPath} bytes.");
            faults.Require(seen.Add(file.Path), $"{field}.path", $"{Quote.Text(file.Path)} is there twice.");
            faults.Require(file.Mode <= MaxMode, $"{field}.mode", $"{file.Mode} is more than 0777 (511).");
        }
    }

    private static bool IsPath(string path) => path.Length > 1 && path[0] == '/' && path[^1] != '/' && !path.Any(char.IsControl)
        && System.Text.Encoding.UTF8.GetByteCount(path) <= MaxPath && string.Equals(Path.GetFullPath(path), path, StringComparison.Ordinal);
}
