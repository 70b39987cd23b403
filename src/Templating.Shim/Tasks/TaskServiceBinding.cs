using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Ttrpc;

namespace Templating.Shim.Tasks;

/// <summary>Which method of <see cref="ITaskService"/> answers which call.</summary>
internal static class TaskServiceBinding
{
    public const string Service = "containerd.task.v2.Task";

    private static readonly Empty Nothing = new();

    public static void Register(TtrpcServer server, ITaskService tasks)
    {
        Look("State", StateRequest.Parser, tasks.StateAsync);
        Look("Pids", PidsRequest.Parser, tasks.PidsAsync);
        Look("Wait", WaitRequest.Parser, tasks.WaitAsync);
        Look("Stats", StatsRequest.Parser, tasks.StatsAsync);
        Look("Connect", ConnectRequest.Parser, tasks.ConnectAsync);
        Change("Create", CreateTaskRequest.Parser, tasks.CreateAsync);
        Change("Start", StartRequest.Parser, tasks.StartAsync);
        Change("Delete", DeleteRequest.Parser, tasks.DeleteAsync);
        Do("Pause", PauseRequest.Parser, tasks.PauseAsync);
        Do("Resume", ResumeRequest.Parser, tasks.ResumeAsync);
        Do("Checkpoint", CheckpointTaskRequest.Parser, tasks.CheckpointAsync);
        Do("Kill", KillRequest.Parser, tasks.KillAsync);
        Do("Exec", ExecProcessRequest.Parser, tasks.ExecAsync);
        Do("ResizePty", ResizePtyRequest.Parser, tasks.ResizePtyAsync);
        Do("CloseIO", CloseIORequest.Parser, tasks.CloseIOAsync);
        Do("Update", UpdateTaskRequest.Parser, tasks.UpdateAsync);
        Do("Shutdown", ShutdownRequest.Parser, tasks.ShutdownAsync);

        void Look<TRequest, TResponse>(string method, MessageParser<TRequest> parser, Func<TRequest, CancellationToken, Task<TResponse>> handler)
            where TRequest : class, IMessage<TRequest>
            where TResponse : class, IMessage<TResponse> => server.Register(Service, method, parser, handler);

        void Change<TRequest, TResponse>(string method, MessageParser<TRequest> parser, Func<TRequest, CancellationToken, Task<TResponse>> handler)
            where TRequest : class, IMessage<TRequest>
            where TResponse : class, IMessage<TResponse> => server.Register(Service, method, parser, handler, outlivesCaller: true);

        void Do<TRequest>(string method, MessageParser<TRequest> parser, Func<TRequest, CancellationToken, Task> handler)
            where TRequest : class, IMessage<TRequest> => Change(method, parser, async (TRequest request, CancellationToken token) =>
            {
                await handler(request, token);
                return Nothing;
            });
    }
}
