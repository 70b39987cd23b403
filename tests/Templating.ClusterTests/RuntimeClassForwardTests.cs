using System.Net.Sockets;
using System.Security.Cryptography;

namespace Templating.ClusterTests;

/// <summary><c>kubectl port-forward</c> reaches the loopback of a pod in a VM, as it does with runc, and nothing else does.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassForwardTests(RuntimeClassFixture cluster)
{
    private const int Own = 8081, Open = 8080;

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task PortsOfAPodAreForwardedFromItsLoopbackAndNothingElseReachesThat(string runtimeClass)
    {
        var before = await PodOnNode.RemainsAsync(cluster.Nodes);
        await using (var pods = cluster.Pods(runtimeClass))
        {
            await pods.ApplyAsync(Servers(pods));
            var pod = await pods.ReadyAsync("ports");
            using (var own = await PortForward.ToAsync(pods, "ports", Own))
            using (var open = await PortForward.ToAsync(pods, "ports", Open))
            {
                (await own.SeeAsync("/")).ShouldBe("own\n");
                (await open.SeeAsync("/")).ShouldBe("open\n");

                var sum = (await pods.ExecAsync("ports", "sha256sum", "/srv/own/big")).Require().Output.Split(' ')[0];
                var both = await Task.WhenAll(own.GetAsync("/big"), own.GetAsync("/big"));
                both.ShouldAllBe(bytes => bytes.Length == 4 << 20 && Convert.ToHexStringLower(SHA256.HashData(bytes)) == sum);
            }

            // Who is not on the node's side of it, on the pod's own network: a program that listens on 127.0.0.1 alone is alone.
            (await AnswersAsync(pod.Status.PodIP, Open)).ShouldBeTrue();
            (await AnswersAsync(pod.Status.PodIP, Own)).ShouldBeFalse();

            await LocalCluster.ControlAsync("restart", "containerd", $"{PodOnNode.Number(pod)}");
            using var again = await PortForward.ToAsync(pods, "ports", Own);
            (await again.SeeAsync("/")).ShouldBe("own\n");
        }

        await Eventually.SeeAsync(async () => await PodOnNode.RemainsAsync(cluster.Nodes), now => now == before, $"the node as it was before:\n{before}");
    }

    private static async Task<bool> AnswersAsync(string address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Servers(PodBatch pods) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{pods.Name("ports")}} }
        spec:
          RUNTIME
          terminationGracePeriodSeconds: 1
          containers:
            - name: main
              image: localhost/busybox:1
              command:
                - sh
                - -c
                - |
                  mkdir -p /srv/own /srv/open
                  echo own > /srv/own/index.html; echo open > /srv/open/index.html
                  dd if=/dev/urandom of=/srv/own/big bs=1M count=4 2>/dev/null
                  httpd -p 127.0.0.1:{{Own}} -h /srv/own
                  exec httpd -f -p 0.0.0.0:{{Open}} -h /srv/open
              readinessProbe: {tcpSocket: {port: {{Open}} }, periodSeconds: 1, timeoutSeconds: 5}
        """;
}
