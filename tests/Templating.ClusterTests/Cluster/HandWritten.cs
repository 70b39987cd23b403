namespace Templating.ClusterTests.Cluster;

/// <summary>VM pods as a person writes them (docs/kubernetes/pools-and-clones.md).</summary>
internal static class HandWritten
{
    public static string Pod(string name, string @namespace, string template) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}, namespace: {{@namespace}}}
        spec:
        {{Spec(template)}}
        """;

    public static string Deployment(string name, string @namespace, string template, int replicas) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{name}}, namespace: {{@namespace}}}
        spec:
          replicas: {{replicas}}
          selector: {matchLabels: {app: "{{name}}" } }
          template:
            metadata: {labels: {app: "{{name}}" } }
            spec:
        {{Indented(template)}}
        """;

    private static string Indented(string template) => "    " + Spec(template).Replace("\n", "\n    ", StringComparison.Ordinal);

    private static string Spec(string template) => $$"""
          automountServiceAccountToken: false
          terminationGracePeriodSeconds: 10
          securityContext:
            runAsNonRoot: true
            runAsUser: 65532
            seccompProfile: {type: RuntimeDefault}
          containers:
            - name: vm
              image: localhost/templating:dev
              imagePullPolicy: IfNotPresent
              args: [pod, --publish, "8080:80"]
              env:
                - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name} } }
              ports: [{containerPort: 8080}]
              readinessProbe: {exec: {command: [/usr/bin/templating, pod, ready]}, periodSeconds: 2, timeoutSeconds: 10}
              resources:
                requests: {cpu: 100m, memory: 96Mi}
                limits: {memory: 256Mi}
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: {drop: [ALL]}
              volumeMounts:
                - {name: vm, mountPath: /run/templating}
                - {name: run, mountPath: /run/vm}
                - {name: tmp, mountPath: /tmp}
          volumes:
            - name: vm
              csi: {driver: templating.dev, volumeAttributes: {template: "{{template}}" } }
            - {name: run, emptyDir: {medium: Memory, sizeLimit: 64Mi} }
            - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 16Mi} }
        """;
}
