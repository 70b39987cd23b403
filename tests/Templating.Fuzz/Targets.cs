using System.Text;
using Google.Protobuf;
using Templating.Api.Pods;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Store;
using Templating.Node.Authorization;
using Templating.Node.Commands.Serve;
using Templating.Node.Mapping;
using Templating.Node.VmPods;
using Templating.Qemu;
using Templating.Qemu.Console;
using Templating.Qemu.GuestAgent;
using Templating.Testing;
using Templating.V1;

namespace Templating.Fuzz;

/// <summary>Every parser of bytes from guests, QEMU, pods, callers and files. Each takes anything, and fails in one way.</summary>
internal static class Targets
{
    private static readonly Caller Anybody = new(new UnixPeer(1, 1, 1), TenantSet.All);

    private static readonly TempFolder Folder = new();

    public static IReadOnlyList<Target> All { get; } =
    [
        new("guest", bytes => RefusingAsync(() => Conversations.GuestAsync(bytes))),
        new("owner", OwnerConversation.RunAsync),
        At("qga", Qga),
        new("qmp", bytes => RefusingAsync(() => Conversations.QmpAsync(bytes))),
        At("hmp", bytes => _ = UserNetwork.ParseForwards(Encoding.UTF8.GetString(bytes))),
        At("console", Console),
        new("pod-request", PodRequestAsync),
        new("pod-status", PodStatusAsync),
        At("request", Request),
        At("manifest", bytes => Refusing(() => ManifestFormat.Write(ManifestFormat.Parse(bytes, "x")))),
        At("record", Record),
        At("policy", Policy),
        At("config", bytes => ConfigFile.Parse("config", Encoding.UTF8.GetString(bytes), [])),
    ];

    /// <summary>Removes what the targets left on disk.</summary>
    public static void CleanUp() => Folder.Dispose();

    private static Target At(string name, Action<byte[]> run) => new(name, bytes =>
    {
        run(bytes);
        return Task.CompletedTask;
    });

    private static async Task RefusingAsync(Func<Task> parse)
    {
        try
        {
            await parse();
        }
        catch (TemplatingException e) when (e.Code is not ErrorCode.Internal)
        {
            // The one way to refuse.
        }
    }

    private static void Qga(byte[] bytes)
    {
        Refusing(() => QgaIdentity.Parse(bytes));
        Refusing(() => Conversations.Qga(bytes));
    }

    private static void Refusing(Action parse)
    {
        try
        {
            parse();
        }
        catch (TemplatingException e) when (e.Code is not ErrorCode.Internal)
        {
            // The one way to refuse.
        }
    }

    private static void Console(byte[] bytes)
    {
        var text = ConsoleText.Excerpt(bytes) + ConsoleText.Clean(bytes);
        Require(text.All(c => c == '\n' || !char.IsControl(c)), "A terminal would obey it.");
    }

    private static async Task PodRequestAsync(byte[] bytes)
    {
        if (await FramedAsync<V1.PodRequest>(bytes) is { } request)
        {
            Refusing(() => _ = request.Activate is { } activation ? ActivationReader.Read(activation) : null);
            Refusing(() => _ = request.Exec?.Start is { } start ? CloneReader.Command(start) : null);
            Refusing(() => Duration(request.Stop?.GracePeriod));
        }
    }

    private static async Task PodStatusAsync(byte[] bytes)
    {
        if ((await FramedAsync<PodResponse>(bytes))?.Status is { } status)
        {
            var taken = PodStatusReader.Read(status);
            _ = JsonFormatter.Default.Format(taken);
            Require(PodStatusReader.Read(taken).Equals(taken), "What is taken is not as it was taken.");
        }
    }

    private static async Task<T?> FramedAsync<T>(byte[] bytes)
        where T : class, IMessage<T>, new()
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            return await PodFraming.ReadAsync<T>(stream, new T().Descriptor, CancellationToken.None);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>The first byte tells which request the others are.</summary>
    private static void Request(byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return;
        }

        var body = bytes.AsSpan(1);
        try
        {
            switch (bytes[0] % 5)
            {
                case 0:
                    var template = CreateTemplateRequest.Parser.ParseFrom(body);
                    Refusing(() => TemplateReader.Create(template, Anybody, TimeSpan.FromMinutes(2)));
                    break;
                case 1:
                    var clone = CreateCloneRequest.Parser.ParseFrom(body);
                    Refusing(() => CloneReader.Create(clone, Anybody, DateTimeOffset.UnixEpoch));
                    break;
                case 2:
                    var exec = ExecCloneRequest.Parser.ParseFrom(body);
                    Refusing(() => CloneReader.Exec(exec.Start ?? new ExecStart(), Anybody));
                    break;
                case 3:
                    var list = ListClonesRequest.Parser.ParseFrom(body);
                    Refusing(() => NameReader.Parent(list.Parent, Anybody, new Faults()));
                    Refusing(() => PageToken.Read(list.PageToken, "", new Faults()));
                    break;
                default:
                    var delete = DeleteCloneRequest.Parser.ParseFrom(body);
                    Refusing(() => NameReader.Clone("name", delete.Name, Anybody));
                    Refusing(() => Duration(delete.GracePeriod));
                    break;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // gRPC refuses it before us.
        }
    }

    private static void Duration(Google.Protobuf.WellKnownTypes.Duration? duration) =>
        FieldReader.Duration("grace_period", duration, TimeSpan.Zero, TimeSpan.FromMinutes(10), new Faults());

    private static void Record(byte[] bytes)
    {
        File.WriteAllBytes(Folder["clone.json"], bytes);
        if (CloneRecordFile.Read(Folder.Path, out _) is { } record)
        {
            CloneRecordFile.Write(Folder.Path, record);
        }
    }

    private static void Policy(byte[] bytes)
    {
        try
        {
            var policy = PolicyFile.Parse(bytes);
            Require(!policy.TenantsOf(new UnixPeer(1, 4_000_000_001, 4_000_000_001)).IsAll || Encoding.UTF8.GetString(bytes).Contains("4000000001", StringComparison.Ordinal), "It lets in whom nobody named.");
        }
        catch (FormatException)
        {
            // Its one way to refuse.
        }
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidOperationException(problem);
        }
    }
}
