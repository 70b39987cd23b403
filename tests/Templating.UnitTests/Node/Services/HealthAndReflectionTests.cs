using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using Templating.UnitTests.Node.Fakes;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Templating.UnitTests.Node.Services;

public sealed class HealthAndReflectionTests
{
    [Fact]
    public async Task HealthIsToldForTheNodeAndEachServiceAndTurnsWhenTheNodeStops()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var health = new Health.HealthClient(daemon.Connect());
        foreach (var service in new[] { "", "templating.v1.TemplateService", "templating.v1.CloneService", "templating.v1.SandboxService", "templating.v1.ImageService", "templating.v1.PoolService", "templating.v1.NodeService" })
        {
            (await health.CheckAsync(new HealthCheckRequest { Service = service })).Status.ShouldBe(Status.Serving);
        }

        (await Errors.FailureOf(async () => await health.CheckAsync(new HealthCheckRequest { Service = "x" }))).StatusCode.ShouldBe(StatusCode.NotFound);
        using var watch = health.Watch(new HealthCheckRequest());
        await watch.ResponseStream.MoveNext();
        watch.ResponseStream.Current.Status.ShouldBe(Status.Serving);

        var stop = daemon.StopAsync();

        await watch.ResponseStream.MoveNext();
        watch.ResponseStream.Current.Status.ShouldBe(Status.NotServing);
        (await watch.ResponseStream.MoveNext()).ShouldBeFalse();
        await stop.WaitAsync(TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task ReflectionListsTheServicesAndTheirMessages()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(daemon.Connect()).ServerReflectionInfo();

        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        await call.ResponseStream.MoveNext();
        call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ShouldBe(
            ["templating.v1.TemplateService", "templating.v1.CloneService", "templating.v1.SandboxService", "templating.v1.ImageService", "templating.v1.PoolService", "templating.v1.NodeService", "grpc.health.v1.Health"], ignoreOrder: true);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { FileContainingSymbol = "templating.v1.VmClone" });
        await call.ResponseStream.MoveNext();
        call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto.ShouldNotBeEmpty();
    }
}
