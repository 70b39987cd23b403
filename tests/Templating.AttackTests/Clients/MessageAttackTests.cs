using System.Collections.Concurrent;
using System.Security.Cryptography;
using Grpc.Core;
using Templating.AttackTests.Harness;
using Xunit.Abstractions;

namespace Templating.AttackTests.Clients;

/// <summary>Messages that are none.</summary>
[Collection(BesiegedNodeCollection.Name)]
public sealed class MessageAttackTests(BesiegedNode node, ITestOutputHelper output) : AttackTest
{
    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(5);

    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(bytes => bytes, bytes => bytes);

    private static readonly string[] Methods =
        ["GetClone", "ListClones", "CreateClone", "DeleteClone", "NoSuchMethod"];

    [Theory]
    [InlineData(BesiegedNode.Stranger)]
    [InlineData(BesiegedNode.HostileUser)]
    public Task UndecodableMessagesAreTheCallersFaultAndDoNotFillTheLog(uint user) => new Siege(node, output).WithstandAsync(
        $"undecodable messages of {user}", async cancellationToken =>
    {
        using var caller = new LocalCaller(node.Socket, user);
        var ends = new ConcurrentBag<Status>();
        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var nonsense = new byte[64];
            while (TimeProvider.System.GetElapsedTime(began) < Attack)
            {
                RandomNumberGenerator.Fill(nonsense);
                var method = new Method<byte[], byte[]>(
                    MethodType.Unary, "templating.v1.CloneService", Methods[RandomNumberGenerator.GetInt32(Methods.Length)], Raw, Raw);
                // Field 1, a string of more bytes than come.
                using var call = caller.Invoker.AsyncUnaryCall(
                    method, host: null, new CallOptions(cancellationToken: cancellationToken), [0x0A, 0x7F, .. nonsense]);
                ends.Add(await LocalCaller.EndAsync(call.ResponseAsync));
            }
        }, cancellationToken)));
        Ends.Tell(output, ends);
    }, Limit);
}
