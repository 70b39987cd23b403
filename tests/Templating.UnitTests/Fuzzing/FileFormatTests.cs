using System.Text;
using CsCheck;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Vms;
using Templating.Node.Authorization;
using Templating.Node.Commands.Serve;
using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Options;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Fuzzing;

/// <summary>Files that may hold anything: each is read, or refused in its own way.</summary>
public sealed class FileFormatTests : IDisposable
{
    private const int Tries = 3000;

    private const string SoundPolicy = """
        { "version": 1, "acceptCertificateTenants": true,
          "rules": [ { "uid": 1000, "tenants": ["team-a"] }, { "gid": 990, "tenants": ["*"] }, { "commonName": "n", "tenants": ["a", "b"] },
                     { "uri": "spiffe://example.org/operator", "tenants": ["*"] } ] }
        """;

    private const string SoundConfig = """
        { "storePath": "/s", "socketMode": "0660", "tcp": { "address": "0.0.0.0:1", "keyPath": "/k" }, "memoryBudget": "4GiB", "memoryOvercommit": 1.5,
          "vmUsers": { "firstUid": 1, "count": 2 }, "guestFolders": ["/a", "/b"], "maxClones": 10, "collectInterval": "1h", "pods": "on", "logLevel": "debug" }
        """;

    private static readonly string SoundManifest = Encoding.UTF8.GetString(ManifestFormat.Write(Manifests.Sound()));

    private static readonly RevisionName Revision = new(new TemplateName("a", "t"), new string('0', 32));

    private static readonly CloneRecord Record = new()
    {
        FormatVersion = CloneRecord.CurrentVersion,
        Agent = GuestAgentKind.Templating,
        Process = new VmProcessId(7, 8, Guid.NewGuid()),
        User = new VmUser(2_000_000_000, 2_000_000_000),
        RequestId = Guid.NewGuid(),
        RequestDigest = new string('a', 64),
        View = new CloneView
        {
            Name = new CloneName("a", "one"),
            Id = "one",
            Template = Revision,
            State = VmState.Running,
            CreatedAt = DateTimeOffset.UnixEpoch,
            ReadyAt = DateTimeOffset.UnixEpoch,
            Generation = Guid.NewGuid(),
            Network = new NetworkSpec(Outbound: true, [new PortForward(80, 8080)]),
            Identity = new IdentityConfirmation("one", new string('b', 32), DateTimeOffset.UnixEpoch, KernelReseeded: true, new string('c', 32)),
            ChargedBytes = 1 << 20,
            Pid = 7,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" },
        },
    };

    private readonly Testing.TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AManifestIsReadOrRefusedAsInvalid() => JsonMutations.Of(SoundManifest).Sample(bytes =>
    {
        try
        {
            var manifest = ManifestFormat.Parse(bytes, "x");
            var written = ManifestFormat.Write(manifest);
            ManifestFormat.Write(ManifestFormat.Parse(written, "x")).ShouldBe(written, "what is read is written and read alike");
        }
        catch (TemplatingException e)
        {
            e.Code.ShouldBe(ErrorCode.ManifestInvalid);
            e.Message.ShouldAllBe(c => !char.IsControl(c));
            e.Message.Length.ShouldBeLessThan(2000);
        }
    }, iter: Tries, print: Encoding.UTF8.GetString);

    [Fact]
    public void APolicyIsReadOrItsFaultsAreTold() => JsonMutations.Of(SoundPolicy).Sample(bytes =>
    {
        try
        {
            var policy = PolicyFile.Parse(bytes);
            // Whatever it says, nobody is let in whom no rule names.
            policy.TenantsOf(new UnixPeer(1, 4_000_000_001, 4_000_000_001)).ShouldBe(TenantSet.None);
            policy.TenantsOf(new CertificatePeer("nobody", ["templating://tenants/../x"])).ShouldBe(TenantSet.None);
        }
        catch (FormatException e)
        {
            e.Message.Length.ShouldBeGreaterThan(0);
        }
    }, iter: Tries, print: Encoding.UTF8.GetString);

    [Fact]
    public void AConfigurationIsReadOrItsFaultsAreTold() => JsonMutations.Of(SoundConfig).Sample(bytes =>
    {
        var faults = new List<FieldViolation>();
        var values = ConfigFile.Parse("config", Encoding.UTF8.GetString(bytes), faults);
        var options = new NodeOptions();
        foreach (var (setting, value) in values)
        {
            _ = setting.Set(options, value);
        }

        faults.ShouldAllBe(f => f.Field.StartsWith("config", StringComparison.Ordinal));
    }, iter: Tries, print: Encoding.UTF8.GetString);

    [Fact]
    public void ACloneRecordIsReadOrItsProblemIsTold()
    {
        CloneRecordFile.Write(_folder.Path, Record);
        var path = Path.Combine(_folder.Path, "clone.json");
        var written = File.ReadAllText(path);
        CloneRecordFile.Write(_folder.Path, CloneRecordFile.Read(_folder.Path, out _)!);
        File.ReadAllText(path).ShouldBe(written);

        JsonMutations.Of(written).Sample(bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var record = CloneRecordFile.Read(_folder.Path, out var problem);

            (record is null).ShouldBe(problem.Length > 0);
            if (record is not null)
            {
                CloneRecordFile.Write(_folder.Path, record);
                CloneRecordFile.Read(_folder.Path, out _).ShouldNotBeNull("what is read is written and read alike");
            }
        }, iter: Tries, threads: 1, print: Encoding.UTF8.GetString);
    }

    [Fact]
    public void AVolumeRecordIsReadOrItsProblemIsTold()
    {
        var records = new VolumeRecords(_folder.Path);
        var view = new VolumeView("csi-1", "/var/lib/kubelet/pods/u/volumes/v", "a", "pod", "u", Revision, DateTimeOffset.UnixEpoch);
        var record = new VolumeRecord { FormatVersion = VolumeRecord.CurrentVersion, View = view, Complete = true };
        records.Write(record);
        var path = Path.Combine(_folder.Path, "csi-1.json");
        records.ReadAll((_, problem) => problem.ShouldBe("none")).ShouldBe([record]);

        JsonMutations.Of(File.ReadAllText(path)).Sample(bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var broken = 0;
            var read = records.ReadAll((_, _) => broken++);

            (read.Count + broken).ShouldBe(1);
        }, iter: Tries, threads: 1, print: Encoding.UTF8.GetString);
    }

    [Fact]
    public void AnImageRecordIsReadOrItsProblemIsTold()
    {
        var digest = new string('a', 64);
        var path = Path.Combine(_folder.Path, digest + ImageRecordFile.Ending);
        ImageRecordFile.Write(path, new ImageRecord
        {
            FormatVersion = ImageRecord.CurrentVersion,
            Digest = digest,
            Kind = ImageKind.Tree,
            Bytes = 2 << 20,
            Inodes = 3,
            CreatedAt = DateTimeOffset.UnixEpoch,
            LastUse = DateTimeOffset.UnixEpoch,
            Keys = [new string('b', 64)],
            Tenants = ["a", "b"],
            Device = 1,
            Inode = 2,
            Modified = 3,
            Changed = 4,
        });
        ImageRecordFile.Read(path, out var none).ShouldNotBeNull(none);

        JsonMutations.Of(File.ReadAllText(path)).Sample(bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var record = ImageRecordFile.Read(path, out var problem);

            (record is null).ShouldBe(problem.Length > 0);
            if (record is not null)
            {
                ImageRecordFile.Write(path, record);
                ImageRecordFile.Read(path, out _).ShouldNotBeNull("what is read is written and read alike");
            }
        }, iter: Tries, threads: 1, print: Encoding.UTF8.GetString);
    }
}
