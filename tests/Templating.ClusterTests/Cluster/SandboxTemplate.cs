namespace Templating.ClusterTests.Cluster;

/// <summary>The template whose clones pods run in, of the guest image.</summary>
internal static class SandboxTemplate
{
    public static async Task MakeAsync(Tenant tenant, string name)
    {
        var spec = $$"""
            guest:
              kernelPath: {{Settings.GuestFolder}}/vmlinux
              initrdPath: {{Settings.GuestFolder}}/initrd
              imagePaths: [{{Settings.GuestFolder}}/rootfs.img]
              commandLine: console=ttyS0 quiet panic=-1 swiotlb=noforce
            machine: {memory: 256Mi, maxMemory: 2Gi, vcpus: 1, maxVcpus: 4}
            sandbox: true
            """;
        await LocalCluster.InNodeAsync(
            1, "sh", "-c", $"/var/lib/templating/bin/templating template create {name} --tenant {tenant.Name} -f - <<'END'\n{spec}\nEND");
    }
}
