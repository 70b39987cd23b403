namespace Templating.ClusterTests;

/// <summary>What a container sees of its pod's specification, from within: the same with the node's own runtime and in a VM.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassViewTests(RuntimeClassFixture cluster)
{
    private const string Look = """
        echo argument: $0
        env | grep ^E_ | sort
        echo folder: $(pwd)
        id
        hostname; hostname -f; grep -F alias /etc/hosts; cat /etc/resolv.conf
        grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp:)' /proc/self/status
        ls -ld /empty /memory | cut -c1-10
        ls -lnL /conf/dir/greeting /sec/password /one | tr -s ' ' | cut -d' ' -f1,3,4,9
        echo one: $(cat /one) down: $(cat /down/labels) all: $(ls /all) account: $(ls /var/run/secrets/kubernetes.io/serviceaccount)
        touch /x /empty/x /memory/x /conf/x 2>&1
        ls -ln /empty/x | tr -s ' ' | cut -d' ' -f1,3,4
        cat /proc/sys/net/ipv4/ip_local_port_range | tr -s '\t ' ' '
        grep -E ' (/memory|/dev/shm) ' /proc/mounts | cut -d' ' -f2,3 | sort
        for flag in nosuid nodev noexec; do grep ' /dev/shm ' /proc/mounts | grep -o -w $flag; done; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2
        cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null
        (echo x > /proc/sys/kernel/hostname) 2>/dev/null || echo name: stays
        test $(ulimit -Hn) -ge 20000 && echo files: enough
        cat /proc/1/comm; umask
        """;

    private const string Seen = """
        argument: plain value
        E_CONF=hello
        E_CPU=1
        E_FROM_greeting=hello
        E_FROM_other=bye
        E_IP=IP
        E_LABEL=blue
        E_MEMORY=67108864
        E_NAME=NAME
        E_NODE=NODE
        E_NOTE=a b
        E_PLAIN=plain value
        E_SECRET=one
        E_TWICE=plain value again $(PLAIN) $(NONE)
        folder: /tmp
        uid=1000 gid=2000 groups=2000,3000,4000
        host
        host.sub.SPACE.svc.
        192.0.2.9	alias.example
        search example.org
        nameserver 192.0.2.53
        options ndots:3
        CapEff:	0000000000000000
        CapBnd:	0000000000000400
        NoNewPrivs:	1
        Seccomp:	2
        drwxrwsrwx
        drwxrwsrwt
        -r--r----- 0 3000 /conf/dir/greeting
        -r--r----- 0 3000 /one
        -r--r----- 0 3000 /sec/password
        one: hello down: color="blue" all: greeting other password account: ca.crt namespace token
        touch: /x: Read-only file system
        touch: /conf/x: Read-only file system
        -rw-r--r-- 1000 3000
        20000 30000
        /dev/shm tmpfs
        /memory tmpfs
        nosuid
        nodev
        noexec
        65536
        67108864
        name: stays
        files: enough
        sh
        0022

        """;

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task AContainerSeesWhatItsPodSaysOfIt(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        await pods.ApplyAsync($$"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: {{pods.Name("conf")}} }
            data: {greeting: hello, other: bye}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: {{pods.Name("secret")}} }
            stringData: {password: one}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: {{pods.Name("sees")}}, labels: {color: blue}, annotations: {note: "a b"} }
            spec:
              RUNTIME
              restartPolicy: Never
              hostname: host
              subdomain: sub
              hostAliases: [{ip: 192.0.2.9, hostnames: [alias.example]}]
              dnsPolicy: None
              dnsConfig: {nameservers: [192.0.2.53], searches: [example.org], options: [{name: ndots, value: "3"}]}
              securityContext:
                runAsUser: 1000
                runAsGroup: 2000
                fsGroup: 3000
                supplementalGroups: [4000]
                sysctls: [{name: net.ipv4.ip_local_port_range, value: "20000 30000"}]
              volumes:
                - {name: empty, emptyDir: {} }
                - {name: memory, emptyDir: {medium: Memory} }
                - {name: conf, configMap: {name: {{pods.Name("conf")}}, items: [{key: greeting, path: dir/greeting, mode: 0440}]} }
                - {name: sec, secret: {secretName: {{pods.Name("secret")}}, defaultMode: 0400} }
                - {name: down, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels} }]} }
                - {name: all, projected: {sources: [{configMap: {name: {{pods.Name("conf")}} } }, {secret: {name: {{pods.Name("secret")}} } }]} }
              containers:
                - name: main
                  image: localhost/busybox:1
                  workingDir: /tmp
                  command:
                    - sh
                    - -c
                    - |
            {{Look.Replace("\n", "\n          ", StringComparison.Ordinal).Insert(0, "          ")}}
                  args: [$(PLAIN)]
                  env:
                    - {name: PLAIN, value: plain value}
                    - {name: E_PLAIN, value: plain value}
                    - {name: E_TWICE, value: "$(PLAIN) again $$(PLAIN) $(NONE)"}
                    - {name: E_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name} } }
                    - {name: E_LABEL, valueFrom: {fieldRef: {fieldPath: "metadata.labels['color']"} } }
                    - {name: E_NOTE, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['note']"} } }
                    - {name: E_IP, valueFrom: {fieldRef: {fieldPath: status.podIP} } }
                    - {name: E_NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName} } }
                    - {name: E_CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu} } }
                    - {name: E_MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory} } }
                    - {name: E_CONF, valueFrom: {configMapKeyRef: {name: {{pods.Name("conf")}}, key: greeting} } }
                    - {name: E_SECRET, valueFrom: {secretKeyRef: {name: {{pods.Name("secret")}}, key: password} } }
                  envFrom: [{prefix: E_FROM_, configMapRef: {name: {{pods.Name("conf")}} } }]
                  resources: {limits: {memory: 64Mi, cpu: 500m} }
                  securityContext:
                    readOnlyRootFilesystem: true
                    allowPrivilegeEscalation: false
                    capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
                    seccompProfile: {type: RuntimeDefault}
                  volumeMounts:
                    - {name: empty, mountPath: /empty}
                    - {name: memory, mountPath: /memory}
                    - {name: conf, mountPath: /conf}
                    - {name: conf, mountPath: /one, subPath: dir/greeting}
                    - {name: sec, mountPath: /sec}
                    - {name: down, mountPath: /down}
                    - {name: all, mountPath: /all}
            """);

        var pod = await pods.FinishedAsync("sees");

        (await pods.LogsAsync("sees")).ShouldBe(Seen
            .Replace("IP=IP", $"IP={pod.Status.PodIP}", StringComparison.Ordinal)
            .Replace("NAME=NAME", $"NAME={pods.Name("sees")}", StringComparison.Ordinal)
            .Replace("NODE=NODE", $"NODE={pod.Spec.NodeName}", StringComparison.Ordinal)
            .Replace("SPACE", pods.Namespace, StringComparison.Ordinal));
    }
}
