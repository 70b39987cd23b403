using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

/// <summary>Each numeric field of each request of the API at its type's borders, however deep it lies.</summary>
public sealed class NumberTests
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);

    [Fact]
    public async Task NoNumberIsAFaultOfOurs()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var invoker = daemon.Connect().CreateCallInvoker();
        var tried = 0;
        foreach (var (method, request) in
            from service in new[] { CloneService.Descriptor, TemplateService.Descriptor, ImageService.Descriptor, PoolService.Descriptor, NodeService.Descriptor }
            from method in service.Methods
            where !method.Name.StartsWith("Watch", StringComparison.Ordinal)
            from request in Requests(method.InputType, depth: 0)
            select (method, request))
        {
            // So that it gets as far as its numbers.
            Name(request, method.Service == CloneService.Descriptor ? "tenants/a/clones/c" : method.Service == PoolService.Descriptor ? "tenants/a/pools/p" : "tenants/a/templates/t");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var call = invoker.AsyncDuplexStreamingCall(
                new Method<byte[], byte[]>(MethodType.DuplexStreaming, method.Service.FullName, method.Name, Raw, Raw), host: null,
                new CallOptions(cancellationToken: limit.Token));
            await call.RequestStream.WriteAsync(request.ToByteArray());
            await call.RequestStream.CompleteAsync();
            var failure = await Record.ExceptionAsync(async () => await call.ResponseStream.MoveNext()) as RpcException;

            (failure?.StatusCode ?? StatusCode.OK).ShouldNotBeOneOf(StatusCode.Internal, StatusCode.Unknown);
            tried++;
        }

        tried.ShouldBeGreaterThan(60);
    }

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(1, int.MinValue)]
    [InlineData(1, -1)]
    [InlineData(-1, 0)]
    [InlineData(601, 0)]
    public async Task ADurationThatIsNoneIsRefusedByItsName(long seconds, int nanos)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var failure = await Errors.FailureOf(async () => await new CloneService.CloneServiceClient(daemon.Connect()).DeleteCloneAsync(new DeleteCloneRequest
        {
            Name = "tenants/a/clones/c",
            GracePeriod = new Google.Protobuf.WellKnownTypes.Duration { Seconds = seconds, Nanos = nanos },
        }));

        failure.Fields().ShouldBe(["grace_period"]);
    }

    private static void Name(IMessage request, string name)
    {
        request.Descriptor.FindFieldByName("name")?.Accessor.SetValue(request, name);
        request.Descriptor.FindFieldByName("parent")?.Accessor.SetValue(request, "tenants/a");
        if (request.Descriptor.FindFieldByName("start")?.Accessor.GetValue(request) is IMessage start)
        {
            Name(start, name);
        }
    }

    /// <summary>A message for each number in it, with only that one set.</summary>
    private static IEnumerable<IMessage> Requests(MessageDescriptor type, int depth)
    {
        foreach (var field in type.Fields.InDeclarationOrder().Where(field => !field.IsMap))
        {
            object[] values = field.FieldType switch
            {
                FieldType.Int32 or FieldType.SInt32 => [int.MinValue, -1, int.MaxValue],
                FieldType.Int64 or FieldType.SInt64 => [long.MinValue, -1L, long.MaxValue],
                FieldType.UInt32 => [uint.MaxValue],
                FieldType.UInt64 => [ulong.MaxValue],
                FieldType.Double => [double.NaN, double.MaxValue, double.NegativeInfinity],
                FieldType.Message when depth < 5 => [.. Requests(field.MessageType, depth + 1)],
                _ => [],
            };
            foreach (var value in values)
            {
                var message = type.Parser.ParseFrom([]);
                if (field.IsRepeated)
                {
                    ((System.Collections.IList)field.Accessor.GetValue(message)).Add(value);
                }
                else
                {
                    field.Accessor.SetValue(message, value);
                }

                yield return message;
            }
        }
    }
}
