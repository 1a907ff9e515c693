/**
 * The fields that config/kubernetes uses, of Kubernetes 1.32, the Prometheus operator and node-problem-detector, each where it
 * belongs. One that is misspelt or stands elsewhere is refused by the API server at best, and ignored else.
 */
import { z } from 'zod';

const quantity = z.string().regex(/^\d+(m|Mi)?$/);
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name, namespace: name.optional(), labels: labels.optional() });
const path = z.string().startsWith('/');

const securityContext = z
  .strictObject({
    runAsUser: z.int(),
    privileged: z.boolean().optional(),
    allowPrivilegeEscalation: z.boolean().optional(),
    readOnlyRootFilesystem: z.boolean(),
    capabilities: z.strictObject({ drop: z.array(z.string()), add: z.array(z.string()) }).optional(),
    seccompProfile: z.strictObject({ type: z.enum(['RuntimeDefault', 'Unconfined', 'Localhost']) }).optional(),
    seLinuxOptions: z.strictObject({ type: z.string() }).optional(),
  })
  // The API server refuses the two together.
  .refine(({ privileged, allowPrivilegeEscalation }) => !(privileged === true && allowPrivilegeEscalation === false));

const resources = z.strictObject({ requests: z.strictObject({ cpu: quantity, memory: quantity }) });

const container = z.strictObject({
  name,
  image: z.string(),
  command: z.array(z.string()),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  securityContext,
  resources,
  readinessProbe: z
    .strictObject({
      httpGet: z.strictObject({ host: z.string(), port: z.int(), path }),
      periodSeconds: z.int(),
      timeoutSeconds: z.int(),
      failureThreshold: z.int(),
    })
    .optional(),
  volumeMounts: z.array(z.strictObject({ name, mountPath: path, readOnly: z.boolean().optional() })),
});

const volume = z.union([
  z.strictObject({ name, configMap: z.strictObject({ name }) }),
  z.strictObject({ name, emptyDir: z.strictObject({ medium: z.literal('Memory'), sizeLimit: quantity }) }),
  z.strictObject({ name, hostPath: z.strictObject({ path, type: z.enum(['Directory', 'DirectoryOrCreate']) }) }),
]);

const pod = z.strictObject({
  hostPID: z.boolean(),
  hostNetwork: z.boolean(),
  dnsPolicy: z.enum(['Default', 'ClusterFirst', 'ClusterFirstWithHostNet', 'None']),
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean(),
  priorityClassName: z.string(),
  tolerations: z.array(z.strictObject({ operator: z.enum(['Exists', 'Equal']) })),
  terminationGracePeriodSeconds: z.int(),
  initContainers: z.array(container),
  containers: z.array(container),
  volumes: z.array(volume),
});

const daemonSet = z.strictObject({
  selector: z.strictObject({ matchLabels: labels }),
  updateStrategy: z.strictObject({
    type: z.literal('RollingUpdate'),
    rollingUpdate: z.strictObject({ maxUnavailable: z.string().regex(/^\d+%$/) }),
  }),
  template: z.strictObject({
    // Annotations are strings: a bare false would be refused.
    metadata: z.strictObject({ labels, annotations: labels }),
    spec: pod,
  }),
});

const quota = z.strictObject({
  hard: z.strictObject({ pods: quantity }),
  scopeSelector: z.strictObject({
    matchExpressions: z.array(
      z.strictObject({ scopeName: z.literal('PriorityClass'), operator: z.literal('In'), values: z.array(z.string()) }),
    ),
  }),
});

const relabelling = z.strictObject({
  sourceLabels: z.array(z.string()).optional(),
  targetLabel: z.string().optional(),
  replacement: z.string().optional(),
  regex: z.string().optional(),
  action: z.enum(['keep', 'drop', 'replace']).optional(),
});

const serviceMonitor = z.strictObject({
  namespaceSelector: z.strictObject({ any: z.boolean() }),
  selector: z.strictObject({ matchLabels: labels }),
  endpoints: z.array(
    z.strictObject({
      targetPort: z.int(),
      interval: z.string(),
      scrapeTimeout: z.string(),
      relabelings: z.array(relabelling),
      metricRelabelings: z.array(relabelling),
    }),
  ),
});

const resource = <Version extends string, Kind extends string, Spec extends z.ZodRawShape>(
  apiVersion: Version,
  kind: Kind,
  rest: Spec,
) => z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(kind), metadata, ...rest });

/** One document of a manifest. */
export const manifest = z.union([
  resource('v1', 'Namespace', {}),
  resource('v1', 'ResourceQuota', { spec: quota }),
  resource('v1', 'ConfigMap', { data: labels }),
  resource('apps/v1', 'DaemonSet', { spec: daemonSet }),
  resource('monitoring.coreos.com/v1', 'ServiceMonitor', { spec: serviceMonitor }),
]);

const seconds = z.string().regex(/^\d+s$/);

/** pkg/custompluginmonitor/types/config.go of node-problem-detector. */
export const customPlugin = z.strictObject({
  plugin: z.literal('custom'),
  pluginConfig: z.strictObject({
    invoke_interval: seconds,
    timeout: seconds,
    max_output_length: z.int(),
    concurrency: z.int(),
    enable_message_change_based_condition_update: z.boolean(),
  }),
  source: z.string(),
  metricsReporting: z.boolean(),
  conditions: z.array(z.strictObject({ type: z.string(), reason: z.string(), message: z.string() })),
  rules: z.array(
    z.strictObject({
      type: z.enum(['permanent', 'temporary']),
      condition: z.string(),
      reason: z.string(),
      path,
      timeout: seconds,
    }),
  ),
});
