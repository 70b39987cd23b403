using CsCheck;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.Node.Options;
using Templating.Node.Services;
using Templating.Testing;
using Templating.UnitTests.Node.Fakes;

namespace Templating.UnitTests.Fuzzing;

/// <summary>Every method of the API, sent any message it can take, on a real socket: its failures are told as documented.</summary>
public sealed class ServiceTests : IAsyncLifetime
{
    /// <summary>For calls that end only with their caller, such as watches.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>What the node takes; a longer one gRPC itself refuses.</summary>
    private const int MaxRequest = 1 << 20;

    private static readonly Marshaller<byte[]> Bytes = new(bytes => bytes, bytes => bytes);

    private TestDaemon _daemon = null!;
    private GrpcChannel _channel = null!;

    private static readonly MethodDescriptor[] All =
        [.. ServedServices.Of(new NodeOptions()).Where(s => s.File.Package == "templating.v1").SelectMany(s => s.Methods)];

    private static readonly Gen<(MethodDescriptor Method, byte[] Request)> Calls =
        Gen.Int[0, All.Length - 1].SelectMany(i => Messages.BytesOf(All[i].InputType).Select(bytes => (All[i], bytes)));

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync(replace: services => services.AddSingleton<ICloneManager>(provider =>
            new ScriptedClones(provider.GetRequiredService<CloneManager>()) { Run = (_, _, _) => AsyncEnumerable.Empty<ExecOutput>(), Console = new EchoConsole("login: ") }));
        await _daemon.BuildAsync();
        _channel = _daemon.Connect();
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task AnyMessageGetsAnAnswerOrADocumentedRefusal()
    {
        await Calls.SampleAsync(async call =>
        {
            if (call.Request.Length > MaxRequest || !IsMessage(call.Method, call.Request))
            {
                return;
            }

            try
            {
                await CallAsync(call.Method, call.Request).Soonest();
            }
            catch (RpcException e)
            {
                e.StatusCode.ShouldNotBeOneOf(StatusCode.Unknown, StatusCode.Internal, StatusCode.OK);
                if (e.StatusCode is not (StatusCode.DeadlineExceeded or StatusCode.Cancelled))
                {
                    e.GetRpcStatus().ShouldNotBeNull($"{e.Status}");
                    e.Info().Domain.ShouldBe("templating.dev");
                }

                if (e.StatusCode == StatusCode.InvalidArgument)
                {
                    e.Fields().ShouldNotBeEmpty();
                }
            }
        }, iter: 200, threads: 2, print: call => $"{call.Method.FullName} {Convert.ToHexString(call.Request)}");
    }

    private static bool IsMessage(MethodDescriptor method, byte[] bytes)
    {
        try
        {
            _ = method.InputType.Parser.ParseFrom(bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private async Task CallAsync(MethodDescriptor descriptor, byte[] request)
    {
        var type = descriptor.IsClientStreaming ? MethodType.DuplexStreaming : descriptor.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary;
        var method = new Method<byte[], byte[]>(type, descriptor.Service.FullName, descriptor.Name, Bytes, Bytes);
        var options = new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience);
        var invoker = _channel.CreateCallInvoker();
        switch (type)
        {
            case MethodType.Unary:
                _ = await invoker.AsyncUnaryCall(method, null, options, request);
                break;
            case MethodType.ServerStreaming:
                using (var call = invoker.AsyncServerStreamingCall(method, null, options, request))
                {
                    await call.ResponseStream.ReadAllAsync().CountAsync();
                }

                break;
            default:
                using (var call = invoker.AsyncDuplexStreamingCall(method, null, options))
                {
                    try
                    {
                        await call.RequestStream.WriteAsync(request);
                        await call.RequestStream.CompleteAsync();
                    }
                    catch (Exception e) when (e is RpcException or InvalidOperationException)
                    {
                        // It was refused before all of it was sent; the reading half has the refusal.
                    }

                    await call.ResponseStream.ReadAllAsync().CountAsync();
                }

                break;
        }
    }
}
