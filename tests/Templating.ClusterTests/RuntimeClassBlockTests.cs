using System.Text;
using Templating.Testing.Nodes;

namespace Templating.ClusterTests;

/// <summary>Block volumes in pods of the RuntimeClass: the node's device is a disk of the VM.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassBlockTests(RuntimeClassFixture cluster)
{
    private const string Wait = "trap 'exit 0' TERM; while :; do sleep 1; done";

    [Fact]
    public async Task ABlockVolumeIsADiskOfOnePodAtATimeAndKeepsWhatWasWritten()
    {
        // The nodes of the cluster have the devices of this host.
        await using var loop = await LoopDevice.MakeAsync(16 << 20);
        await using var first = cluster.Pods();
        // Disposed before the claim is.
        await using var second = cluster.Pods();
        await first.ApplyAsync(Volume(first, loop.Path) + "\n---\n" + Pod(first, first, "writer"));
        await first.ReadyAsync("writer");

        (await first.ExecAsync("writer", "sh", "-c", "printf 'written in a VM' | dd of=/dev/data bs=1 seek=4096 conv=fsync,notrunc")).Require();

        await second.ApplyAsync(Pod(second, first, "reader"));
        await Eventually.SeeAsync(async () => await second.EventsAsync("reader"), e => e.Contains("in use", StringComparison.Ordinal), "an event that tells of the device's other VM");
        (await second.GetAsync("reader"))!.Status.ContainerStatuses[0].State.Running.ShouldBeNull("a container that is told to be in want of its device");

        await first.DeleteAsync("writer");
        await second.ReadyAsync("reader");
        var read = await second.ExecAsync("reader", "sh", "-c", "dd if=/dev/data bs=1 skip=4096 count=15");
        read.Require().Output.ShouldBe("written in a VM");

        await using var file = File.OpenRead(loop.File);
        var bytes = new byte[15];
        file.Position = 4096;
        await file.ReadExactlyAsync(bytes);
        Encoding.ASCII.GetString(bytes).ShouldBe("written in a VM");
    }

    private static string Volume(PodBatch pods, string device) => $$"""
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: {{pods.Name("disk")}} }
        spec:
          storageClassName: {{pods.Name("disk")}}
          volumeMode: Block
          capacity: {storage: 16Mi}
          accessModes: [ReadWriteOnce]
          persistentVolumeReclaimPolicy: Retain
          local: {path: {{device}} }
          nodeAffinity:
            required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]}]}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: {{pods.Name("disk")}} }
        spec:
          storageClassName: {{pods.Name("disk")}}
          volumeMode: Block
          accessModes: [ReadWriteOnce]
          resources: {requests: {storage: 16Mi} }
        """;

    /// <param name="pods">Its own.</param>
    /// <param name="claim">Those with the claim.</param>
    /// <param name="name">Of the pod.</param>
    private static string Pod(PodBatch pods, PodBatch claim, string name) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{pods.Name(name)}} }
        spec:
          RUNTIME
          terminationGracePeriodSeconds: 5
          volumes: [{name: data, persistentVolumeClaim: {claimName: {{claim.Name("disk")}} } }]
          containers:
            - name: main
              image: localhost/busybox:1
              command: [sh, -c, "{{Wait}}"]
              volumeDevices: [{name: data, devicePath: /dev/data}]
        """;
}
