using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads requests that make clones or run programs in them.</summary>
internal static class CloneReader
{
    public const int MaxCount = 1000;

    // The guest takes lines of 262,144 bytes, and each byte of a command is 4/3 in base64 (docs/guest-protocol.md).
    private const int MaxCommandBytes = 128 << 10;

    private const int MaxUserLength = 256;

    public static CreateClone Create(V1.CreateCloneRequest request, Caller caller, DateTimeOffset now)
    {
        var faults = new Faults();
        var create = Spec(request.Spec, request.WaitFor, caller, now, faults) with
        {
            Id = request.Id.Length == 0 ? null : request.Id,
            RequestId = FieldReader.RequestId(request.RequestId, faults),
        };
        if (create.Id is not null)
        {
            faults.RequireLabel("id", create.Id);
        }

        faults.ThrowIfAny();
        return create;
    }

    /// <summary>One request for each clone; their request ids follow from the one given.</summary>
    public static IReadOnlyList<CreateClone> CreateMany(V1.CreateClonesRequest request, Caller caller, DateTimeOffset now)
    {
        var faults = new Faults();
        var create = Spec(request.Spec, request.WaitFor, caller, now, faults);
        faults.Require(request.Count is >= 1 and <= MaxCount, "count", $"{request.Count} is not between 1 and {MaxCount}.");
        faults.AddRange(request.Count < 2 ? [] : FixedPorts(create.Network?.Forwards ?? []).Select(index => new FieldViolation(
            $"spec.network.forwards[{index}].host_port",
            $"A port of the host leads to one clone, and {request.Count} are asked for; use 0 for any free one, or ask for each clone by itself.")));
        var id = FieldReader.RequestId(request.RequestId, faults);
        faults.ThrowIfAny();
        return [.. Enumerable.Range(0, request.Count).Select(index => create with { RequestId = DerivedIds.Of(id, index) })];
    }

    private static IEnumerable<int> FixedPorts(IReadOnlyList<PortForward> forwards) =>
        forwards.Index().Where(forward => forward.Item.HostPort != 0).Select(forward => forward.Index);

    /// <summary>What it may grow to is its template's to say.</summary>
    public static (CloneName Name, CloneSize Size) Resize(V1.ResizeCloneRequest request, Caller caller)
    {
        var name = NameReader.Clone("name", request.Name, caller);
        var faults = new Faults();
        faults.Require((request.Vcpus, request.MemoryBytes) is not (0, 0), "vcpus", "It is 0, and so is memory_bytes: say what it is to have of at least one.");
        faults.AddRange(request.Vcpus == 0 ? [] : CpuRules.CheckVcpus("vcpus", request.Vcpus));
        faults.AddRange(request.MemoryBytes == 0 ? [] : MemoryRules.Check("memory_bytes", request.MemoryBytes));
        faults.ThrowIfAny();
        return (name, new CloneSize(request.Vcpus == 0 ? null : request.Vcpus, request.MemoryBytes == 0 ? null : request.MemoryBytes));
    }

    public static (CloneName Name, GuestCommand Command) Exec(V1.ExecStart start, Caller caller)
    {
        var name = NameReader.Clone("start.name", start.Name, caller);
        return (name, Command(start));
    }

    public static GuestCommand Command(V1.ExecStart start)
    {
        var faults = new Faults();
        var environment = FieldReader.Environment("start.environment", start.Environment, faults);
        faults.Require(start.Arguments.Count is >= 1 and <= 1024, "start.arguments", $"It has {start.Arguments.Count} entries; 1 to 1024 are allowed.");
        faults.Require(start.Arguments.Count == 0 || start.Arguments[0].Length > 0, "start.arguments[0]", "It is empty; name a program.");
        faults.Require(!start.Arguments.Any(a => a.Contains('\0')), "start.arguments", "One has a NUL byte.");
        var bytes = start.Arguments.Sum(argument => System.Text.Encoding.UTF8.GetByteCount(argument) + 1L);
        faults.Require(bytes <= MaxCommandBytes, "start.arguments", $"They have {bytes} bytes; at most {MaxCommandBytes} are allowed.");
        var folder = start.WorkingDirectory;
        faults.Require(
            folder.Length == 0 || (folder.StartsWith('/') && folder.Length <= 4096 && !folder.Contains('\0')),
            "start.working_directory", $"{Quote.Text(folder)} is not an absolute path of at most 4096 characters.");
        var timeout = FieldReader.Duration("start.timeout", start.Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(7), faults);
        faults.Require(
            IsUser(start.User), "start.user",
            $"{Quote.Text(start.User)} is not USER or USER:GROUP, each a name or a number without blanks, at most 256 characters in all.");
        var terminal = ExecInputReader.Size("start.terminal", start.Terminal, faults);
        faults.ThrowIfAny();
        return new GuestCommand
        {
            TakesInput = start.WithInput,
            Terminal = terminal,
            User = start.User.Length == 0 ? null : start.User,
            Arguments = [.. start.Arguments],
            Environment = environment,
            WorkingDirectory = folder.Length == 0 ? null : folder,
            Timeout = timeout,
        };
    }

    /// <summary>As it may be given to a guest, which knows whom it has. No option of a program's begins like it.</summary>
    private static bool IsUser(string text) => text.Length == 0 || (text.Length <= MaxUserLength
        && text.Split(':') is { Length: <= 2 } parts
        && parts.All(part => part.Length > 0 && part[0] != '-' && part.All(c => c is > ' ' and <= '~')));

    /// <param name="prefix">Of its fields' paths.</param>
    public static CreateClone Spec(V1.CloneSpec? wire, V1.WaitFor waitFor, Caller caller, DateTimeOffset now, Faults faults, string prefix = "")
    {
        var spec = wire ?? new V1.CloneSpec();
        var (template, revision) = NameReader.Template(prefix + "spec.template", spec.Template, caller, faults);
        faults.AddRange(HostnameRules.Check(prefix + "spec.hostname", spec.Hostname));
        faults.AddRange(UserDataRules.Check(prefix + "spec.user_data", spec.UserData.Length));
        faults.Require(Enum.IsDefined(waitFor), prefix + "wait_for", $"{(int)waitFor} is not known; use READY or RUNNING.");
        return new CreateClone
        {
            Template = template,
            Revision = revision,
            Hostname = spec.Hostname.Length == 0 ? null : spec.Hostname,
            Environment = FieldReader.Environment(prefix + "spec.environment", spec.Environment, faults),
            UserData = spec.UserData.Memory,
            Files = FieldReader.Files(prefix + "spec.files", spec.Files, faults),
            Network = NetworkMapping.FromWire(prefix + "spec.network", spec.Network, faults),
            Labels = FieldReader.LabelMap(prefix + "spec.labels", spec.Labels, faults),
            IdentityTimeout = FieldReader.IdentityTimeout(prefix + "spec.identity_timeout", spec.IdentityTimeout, faults),
            Lifetime = LifetimeReader.Of(prefix + "spec.", spec, now, faults),
            ReturnWhenRunning = waitFor == V1.WaitFor.Running,
        };
    }
}
