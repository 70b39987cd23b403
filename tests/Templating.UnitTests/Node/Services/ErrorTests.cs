using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Templating.Core.Errors;
using Templating.Node.Authorization;
using Templating.Node.Mapping;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

public sealed class ErrorTests : IAsyncLifetime
{
    private TestDaemon _daemon = null!;
    private CloneService.CloneServiceClient _clones = null!;
    private TemplateService.TemplateServiceClient _templates = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync();
        var channel = _daemon.Connect();
        _clones = new CloneService.CloneServiceClient(channel);
        _templates = new TemplateService.TemplateServiceClient(channel);
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Theory]
    [InlineData("CloneService", "CreateClone", "undone")]
    [InlineData("TemplateService", "CreateTemplate", "undone")]
    [InlineData("CloneService", "DeleteClone", "goes on")]
    [InlineData("TemplateService", "DeleteTemplate", "goes on")]
    [InlineData("PodService", "ActivatePod", "goes on")]
    public void ACancelledCallSaysWhatBecomesOfItsWork(string service, string method, string word)
    {
        CloneService.Descriptor.File.Package.ShouldBe("templating.v1");
        Templating.Node.Services.CallInterceptor.Aftermath($"/templating.v1.{service}/{method}").ShouldContain(word);
    }

    [Fact]
    public async Task AFailureTellsItsStableReasonAndDomain()
    {
        var failure = await Errors.FailureOf(async () => await _clones.GetCloneAsync(new GetCloneRequest { Name = "tenants/a/clones/none" }));

        failure.StatusCode.ShouldBe(StatusCode.NotFound);
        failure.Info().Reason.ShouldBe("CLONE_NOT_FOUND");
        failure.Info().Domain.ShouldBe("templating.dev");
    }

    [Fact]
    public async Task AllFaultsOfACloneRequestAreToldAtOnceByTheirPath()
    {
        var request = new CreateCloneRequest
        {
            Id = "Not A Label",
            RequestId = "7",
            WaitFor = (WaitFor)9,
            Spec = new CloneSpec
            {
                Template = "templates/t",
                Hostname = "-x",
                UserData = ByteString.CopyFrom(new byte[(64 << 10) + 1]),
                Environment = { ["1BAD"] = "x" },
                Labels = { ["a b"] = "x" },
                IdentityTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
                Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 0, HostPort = 70000, HostAddress = "localhost" } } },
            },
        };

        var failure = await Errors.FailureOf(async () => await _clones.CreateCloneAsync(request));

        failure.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        failure.Info().Reason.ShouldBe("INVALID_ARGUMENT");
        failure.Fields().ShouldBe(
            [
                "id", "request_id", "wait_for", "spec.template", "spec.hostname", "spec.user_data", "spec.environment", "spec.labels",
                "spec.identity_timeout", "spec.network.forwards[0].guest_port", "spec.network.forwards[0].host_port",
                "spec.network.forwards[0].host_address",
            ],
            ignoreOrder: true);
    }

    [Theory]
    [InlineData(1, 8080, false)]
    [InlineData(2, 0, false)]
    [InlineData(2, 8080, true)]
    public void APortOfTheHostIsRefusedForSeveralClones(int count, int port, bool isRefused)
    {
        var request = new CreateClonesRequest
        {
            Spec = new CloneSpec
            {
                Template = "tenants/t/templates/web",
                Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 80 }, new PortForward { GuestPort = 81, HostPort = port } } },
            },
            Count = count,
        };

        var fields = Record.Exception(() => CloneReader.CreateMany(request, new Caller(new UnixPeer(1, 1, 1), TenantSet.All), DateTimeOffset.UnixEpoch)) is TemplatingException refusal
            ? refusal.Violations.Select(v => v.Field) : [];

        fields.ShouldBe(isRefused ? ["spec.network.forwards[1].host_port"] : []);
    }

    [Fact]
    public async Task AllFaultsOfATemplateRequestAreToldAtOnceByTheirPath()
    {
        var request = new CreateTemplateRequest
        {
            Tenant = "a",
            Template = "T",
            RequestId = "7",
            RevisionHistoryLimit = -2,
            Spec = new TemplateSpec
            {
                Machine = new MachineSpec { Vcpus = 65, MemoryBytes = 1, Accelerator = (Accelerator)7 },
                Readiness = new ReadinessSpec { Timeout = new Duration { Seconds = long.MaxValue } },
            },
        };

        var failure = await Errors.FailureOf(() => _templates.CreateTemplate(request).ResponseStream.MoveNext());

        failure.Fields().ShouldBe(
            [
                "template", "request_id", "revision_history_limit", "spec.machine.accelerator", "spec.readiness.timeout",
                "spec.guest.kernel_path", "spec.machine.vcpus", "spec.machine.memory_bytes",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public async Task AFullNodeTellsWhenToTryAgain()
    {
        await using var small = await TestDaemon.StartAsync((options, _) => (options.MemoryBudgetBytes, options.MaxClones) = (128L << 20, 1));
        await small.BuildAsync();
        var clones = new CloneService.CloneServiceClient(small.Connect());
        var request = new CreateCloneRequest { Spec = new CloneSpec { Template = "tenants/a/templates/t" } };
        await clones.CreateCloneAsync(request);

        var failure = await Errors.FailureOf(async () => await clones.CreateCloneAsync(request));

        failure.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        failure.GetRpcStatus().ShouldNotBeNull().GetDetail<RetryInfo>().ShouldNotBeNull().RetryDelay.ToTimeSpan().ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task AFaultOfOursTellsNothingButWhereTheLogHasIt()
    {
        await _daemon.BuildAsync();
        _daemon.Vmm.OnStep = (_, _, _) => throw new InvalidOperationException("secret");

        var failure = await Errors.FailureOf(
            async () => await _clones.CreateCloneAsync(new CreateCloneRequest { Spec = new CloneSpec { Template = "tenants/a/templates/t" } }));

        failure.StatusCode.ShouldBe(StatusCode.Internal);
        failure.GetRpcStatus()!.ToString().ShouldNotContain("secret");
        failure.Status.Detail.ShouldContain(failure.Info().Metadata["correlation_id"]);
    }

    [Fact]
    public async Task ADeadlineThatPassesIsSaidToHavePassedAndLeavesNothing()
    {
        await _daemon.BuildAsync();
        _daemon.Vmm.OnStep = (_, _, cancelled) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancelled);

        var failure = await Errors.FailureOf(async () => await _clones.CreateCloneAsync(
            new CreateCloneRequest { Spec = new CloneSpec { Template = "tenants/a/templates/t" } },
            deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(200)));

        failure.StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        await Eventually.True(() => _daemon.Clones.List("a").Count == 0);
    }

    [Fact]
    public void EveryCodeHasARule() => System.Enum.GetValues<ErrorCode>().ShouldAllBe(code => HasRule(code));

    private static bool HasRule(ErrorCode code) => Templating.Node.Mapping.ErrorTable.Of(code).Status != StatusCode.OK;
}
