namespace Templating.ClusterTests.Cluster;

/// <summary>The template whose clones pods run in, of the guest image: a VMTemplate where the chart is installed, else by each node's own daemon.</summary>
internal static class SandboxTemplate
{
    public static async Task MakeAsync(Tenant tenant, string name, int nodes)
    {
        if ((await Kubectl.TryAsync("get", "crd", "vmtemplates.templating.dev")).ExitCode == 0)
        {
            await Kubectl.ApplyAsync($$"""
                apiVersion: templating.dev/v1alpha1
                kind: VMTemplate
                metadata: {name: {{name}}, namespace: {{tenant.Name}} }
                spec:
                  sandbox: true
                  guest:
                    kernel: {path: {{Settings.GuestFolder}}/vmlinux}
                    initrd: {path: {{Settings.GuestFolder}}/initrd}
                    images: [{path: {{Settings.GuestFolder}}/rootfs.img}]
                    commandLine: console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable
                  machine: {memory: 256Mi, maxMemory: 2Gi, vcpus: 1, maxVcpus: 4}
                  readiness: {timeoutSeconds: 240}
                """);
            await tenant.TemplateReadyAsync(name, nodes);
            return;
        }

        var spec = $$"""
            guest:
              kernelPath: {{Settings.GuestFolder}}/vmlinux
              initrdPath: {{Settings.GuestFolder}}/initrd
              imagePaths: [{{Settings.GuestFolder}}/rootfs.img]
              commandLine: console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable
            machine: {memory: 256Mi, maxMemory: 2Gi, vcpus: 1, maxVcpus: 4}
            sandbox: true
            """;
        for (var node = 1; node <= nodes; node++)
        {
            await LocalCluster.InNodeAsync(
                node, "sh", "-c", $"/var/lib/templating/bin/templating template create {name} --tenant {tenant.Name} -f - <<'END'\n{spec}\nEND");
        }
    }
}
