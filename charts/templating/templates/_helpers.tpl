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
