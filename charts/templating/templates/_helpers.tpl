{{/* The first part of all names. */}}
{{- define "templating.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "templating.operatorName" -}}
{{ include "templating.fullname" . }}-operator
{{- end -}}

{{- define "templating.nodeName" -}}
{{ include "templating.fullname" . }}-node
{{- end -}}

{{- define "templating.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: templating
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The operator looks for daemons by name and component alone; the instance tells two releases' objects apart. */}}
{{- define "templating.operatorSelector" -}}
app.kubernetes.io/name: templating
app.kubernetes.io/component: operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "templating.nodeSelector" -}}
app.kubernetes.io/name: templating
app.kubernetes.io/component: node
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "templating.runtimeName" -}}
{{ include "templating.fullname" . }}-runtime
{{- end -}}

{{- define "templating.runtimeSelector" -}}
app.kubernetes.io/name: templating
app.kubernetes.io/component: runtime
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Where pods of the RuntimeClass may go: the nodes with a daemon and the shim. */}}
{{- define "templating.runtimeNodes" -}}
{{- $nodes := dict "kubernetes.io/os" "linux" "kubernetes.io/arch" "amd64" -}}
{{- toYaml (mergeOverwrite $nodes (deepCopy .Values.node.nodeSelector) (deepCopy .Values.runtimeClass.nodeSelector)) -}}
{{- end -}}

{{/* An image's full name; takes a dict of image and root. */}}
{{- define "templating.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "templating.nodeSecret" -}}
{{- if eq .Values.tls.mode "existing" -}}
{{ required "tls.existing.nodeSecret is empty; tls.mode existing needs the Secret of the daemons' certificate." .Values.tls.existing.nodeSecret }}
{{- else -}}
{{ include "templating.nodeName" . }}-tls
{{- end -}}
{{- end -}}

{{- define "templating.operatorSecret" -}}
{{- if eq .Values.tls.mode "existing" -}}
{{ required "tls.existing.operatorSecret is empty; tls.mode existing needs the Secret of the operator's certificate." .Values.tls.existing.operatorSecret }}
{{- else -}}
{{ include "templating.operatorName" . }}-tls
{{- end -}}
{{- end -}}

{{/* Requests and limits; quantities as texts, for a server-side apply takes no numbers (cpu: 1). */}}
{{- define "templating.resources" -}}
{{- range $name, $amounts := . }}
{{ $name }}:
  {{- range $resource, $amount := $amounts }}
  {{ $resource }}: {{ $amount | toString | quote }}
  {{- end }}
  {{- if not $amounts }} {}{{ end }}
{{- end }}
{{- end -}}

{{/* The shim's options, on each node. */}}
{{- define "templating.shimOptions" -}}
daemon = "unix://{{ .Values.node.runPath }}/templating.sock"
template = "{{ .Values.runtimeClass.template.name }}"
allow_pod_template = {{ .Values.runtimeClass.allowPodTemplate }}
{{- with .Values.runtimeClass.extraOptions }}
{{ . | trim }}
{{- end }}
{{- end -}}

{{- define "templating.loadTestName" -}}
{{ include "templating.fullname" . }}-load-test
{{- end -}}

{{/* A Job's template cannot change: where it or the recipe does, it is another Job. */}}
{{- define "templating.loadTestJob" -}}
{{- $of := list (include "templating.loadTestPod" .) .Values.loadTest.recipe (toString .Values.loadTest.run) -}}
{{ include "templating.loadTestName" . }}-{{ $of | toJson | sha256sum | trunc 8 }}
{{- end -}}

{{/* The pod of a load test. Nothing in it may differ from one rendering to the next, and nothing by the chart's version alone. */}}
{{- define "templating.loadTestPod" -}}
{{- $load := .Values.loadTest -}}
{{- $written := contains "\n" $load.recipe -}}
{{- $claim := $load.results.claimName -}}
metadata:
  labels:
    app.kubernetes.io/name: templating
    app.kubernetes.io/component: load-test
    app.kubernetes.io/instance: {{ .Release.Name }}
    {{- with $load.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $load.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "templating.loadTestName" . }}
  automountServiceAccountToken: true
  restartPolicy: Never
  # Of the pod, not of the Job: that would delete the pod, and with it the table in its log.
  activeDeadlineSeconds: {{ $load.activeDeadlineSeconds }}
  # Told to end, it removes what it made, which may take three minutes, and writes its reports.
  terminationGracePeriodSeconds: 240
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: load
      image: {{ include "templating.image" (dict "image" $load.image "root" .) }}
      imagePullPolicy: {{ $load.image.pullPolicy }}
      args:
        - load
        - run
        - {{ ternary "/etc/templating/load/recipe.yaml" $load.recipe $written }}
        {{- range $load.namespaces }}
        - --namespaces={{ . }}
        {{- end }}
        {{- if $load.operatorMetrics }}
        - --operator={{ .Release.Namespace }}
        {{- end }}
        {{- range $option, $value := dict "pool" $load.pool "template" $load.template "image" $load.podImage }}
        {{- if $value }}
        - {{ printf "--%s=%s" $option $value | quote }}
        {{- end }}
        {{- end }}
        {{- if not $claim }}
        - --output=-
        {{- end }}
      {{- if $claim }}
      # Each run makes a folder of its own here.
      workingDir: /results
      {{- end }}
      resources:
        {{- include "templating.resources" $load.resources | default "{}" | trim | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      {{- if or $written $claim }}
      volumeMounts:
        {{- if $written }}
        - name: recipe
          mountPath: /etc/templating/load
          readOnly: true
        {{- end }}
        {{- if $claim }}
        - name: results
          mountPath: /results
        {{- end }}
      {{- end }}
  {{- if or $written $claim }}
  volumes:
    {{- if $written }}
    - name: recipe
      configMap:
        name: {{ include "templating.loadTestName" . }}
    {{- end }}
    {{- if $claim }}
    - name: results
      persistentVolumeClaim:
        claimName: {{ $claim }}
    {{- end }}
  {{- end }}
  nodeSelector:
    kubernetes.io/os: linux
    kubernetes.io/arch: amd64
    {{- with $load.nodeSelector }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $load.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
