{{- define "undercurrent.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "undercurrent.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "undercurrent.labels" -}}
{{ include "undercurrent.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The configuration of the service, as YAML. */}}
{{- define "undercurrent.config" -}}
{{- $server := dict "enabled" true "host" "0.0.0.0" "port" 7070 -}}
{{- if .Values.token.secretName -}}
{{- $_ := set $server "token" "${UNDERCURRENT_TOKEN}" -}}
{{- end -}}
{{- $all := mergeOverwrite (deepCopy .Values.config) (dict "server" (merge $server (deepCopy .Values.server))) -}}
{{ toYaml $all }}
{{- end -}}
