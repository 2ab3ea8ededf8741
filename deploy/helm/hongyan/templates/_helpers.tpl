{{- define "hongyan.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "hongyan.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "hongyan.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "hongyan.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "hongyan.selector" -}}
app.kubernetes.io/name: {{ include "hongyan.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "hongyan.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "hongyan.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "hongyan.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "hongyan.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "hongyan.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "hongyan.secretName" -}}
{{- .Values.secret.existing | default (include "hongyan.fullname" .) -}}
{{- end -}}

{{- /* The variable of a setting: store.url is HONGYAN_STORE_URL. */ -}}
{{- define "hongyan.variable" -}}
HONGYAN_{{ . | replace "." "_" | upper }}
{{- end -}}

{{- /* A value as text. Helm reads whole numbers as fractions, which would be written 1e+06. */ -}}
{{- define "hongyan.value" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ printf "%.0f" . }}{{- else -}}{{ toString . }}{{- end -}}
{{- end -}}

{{- /* What the chart itself sets on every node; with secrets.yaml the only place in templates that names settings. Secrets are
       files named as the setting, in the folder where Hongyan looks for systemd's credentials.
       Takes (dict "root" $ "roles" list). */ -}}
{{- define "hongyan.environment" -}}
- name: HONGYAN_LISTEN
  value: 0.0.0.0:8000
- name: HONGYAN_DATA_DIR
  value: /data
- name: HONGYAN_NODE_ROLES
  value: {{ join "," .roles | quote }}
- name: HONGYAN_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: CREDENTIALS_DIRECTORY
  value: /run/hongyan/secrets
{{- end -}}

{{- define "hongyan.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "hongyan.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "hongyan.mounts" -}}
- name: data
  mountPath: /data
- name: tmp
  mountPath: /tmp
- name: secrets
  mountPath: /run/hongyan/secrets
  readOnly: true
{{- end -}}

{{- /* A node keeps nothing: its folder holds a lock, and is gone with the pod. */ -}}
{{- define "hongyan.volumes" -}}
- name: data
  emptyDir: {}
- name: tmp
  emptyDir: {}
- name: secrets
  secret:
    secretName: {{ include "hongyan.secretName" . }}
    defaultMode: 0440
{{- end -}}
