using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using k8s.Autorest;
using Templating.Kubectl.Commands;
using Templating.Terminal.Descriptors;

namespace Templating.KubectlTests;

public sealed class CliTests
{
    [Fact]
    public async Task WhateverAClusterOutOfReachIsNoticedByIsToldInOneLine()
    {
        Exception[] all =
        [
            new TimeoutException("away"), new HttpRequestException("away"), new IOException("away", new SocketException()), new JsonException("away"),
            new TaskCanceledException("away", new TimeoutException()),
        ];
        foreach (var problem in all)
        {
            (await TellAsync(problem)).ShouldBe((ExitCode.Failure, "The cluster cannot be reached: away"));
        }
    }

    [Fact]
    public async Task ASignalBeforeAnythingBeganEndsItWithoutATrace() =>
        (await TellAsync(new OperationCanceledException())).ShouldBe((ExitCode.Interrupted, ""));

    [Fact]
    public async Task AFilesFaultIsNoneOfTheCluster()
    {
        (await TellAsync(new IOException("No space left on device : '/x'"))).ShouldBe((ExitCode.Failure, "error: No space left on device : '/x'"));
        (await TellAsync(new UnauthorizedAccessException("Access to '/x' is denied."))).ShouldBe((ExitCode.Failure, "error: Access to '/x' is denied."));
    }

    [Fact]
    public async Task ARefusalIsToldByItsMessageAlone()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.Forbidden);
        var refusal = new HttpOperationException("no")
        {
            Response = new HttpResponseMessageWrapper(response, """{"kind":"Status","apiVersion":"v1","message":"pods is forbidden"}"""),
        };
        (await TellAsync(refusal)).ShouldBe((ExitCode.Failure, "The API server refused: 403 pods is forbidden"));
    }

    private static async Task<(int Code, string Error)> TellAsync(Exception problem)
    {
        using var error = new StringWriter();
        using var guard = new OutputGuard();
        var code = await Cli.ToldAsync(() => Task.FromException<int>(problem), new PluginHost(TextWriter.Null, error, guard, () => null));
        return (code, error.ToString().TrimEnd());
    }
}
