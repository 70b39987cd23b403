using Google.Rpc;
using Grpc.Core;

namespace Templating.UnitTests.Node.Fakes;

internal static class Errors
{
    public static ErrorInfo Info(this RpcException e) => e.GetRpcStatus().ShouldNotBeNull().GetDetail<ErrorInfo>().ShouldNotBeNull();

    public static IEnumerable<string> Fields(this RpcException e) =>
        e.GetRpcStatus().ShouldNotBeNull().GetDetail<BadRequest>().ShouldNotBeNull().FieldViolations.Select(violation => violation.Field);

    public static async Task<RpcException> FailureOf(Func<Task> call) => await Should.ThrowAsync<RpcException>(call);
}
