using Grpc.Core;
using Templating.Node.Authorization;

namespace Templating.Node.Services;

internal static class CallContextExtensions
{
    public static Caller Caller(this ServerCallContext context) => (Caller)context.UserState[typeof(Caller)];

    public static void SetCaller(this ServerCallContext context, Caller caller) => context.UserState[typeof(Caller)] = caller;
}
