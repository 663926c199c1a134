/**
 * docs/METRICS.md, made from the table of metrics. `npm run docs:generate` writes it, and metrics.test.ts
 * compares.
 */
import { format } from 'prettier';
import { METRICS } from '../../common/index.ts';
import type { MetricRole, MetricSpec } from '../../common/index.ts';
import { table } from './markdown-table.ts';

const INTRODUCTION = `# Metrics

<!-- Made by \`npm run docs:generate\` from common/metrics.ts; do not edit. -->

Masters and workers that are told to (\`--metrics-listen 127.0.0.1:9400\`, see
[\`masterMetricsListen\`](CONFIG.md#mastermetricslisten) and
[\`workerMetricsListen\`](CONFIG.md#workermetricslisten)) answer \`GET /metrics\` in the text format of Prometheus:
what is below, and what is known of any process of Node (\`process_*\`, \`nodejs_*\`: memory, CPU time, file
descriptors, the event loop). Nothing can be changed there. Beyond loopback it takes \`--insecure\`.

Counters begin with 0 when the process starts. Names of files, datasets and nodes are never labels;
\`larder status --json\` tells those ([OPERATIONS](OPERATIONS.md#what-to-watch)).

The hit ratio of the last hour, of the whole cluster:

\`\`\`promql
1 - sum(increase(larder_read_origin_bytes_total[1h])) / sum(increase(larder_read_bytes_total[1h]))
\`\`\`

Bytes that left the origin more than once, of all that did:

\`\`\`promql
1 - sum(larder_origin_unique_bytes_total) / sum(larder_origin_bytes_total)
\`\`\``;

const ROLES: Readonly<Record<MetricRole, string>> = {
  worker: '## Of a worker',
  master: '## Of a master',
};

export async function renderMetricsPage(): Promise<string> {
  const page = [
    INTRODUCTION,
    ...Object.entries(ROLES).flatMap(([role, title]) => [title, tableOf(role)]),
  ].join('\n\n');
  return format(page, { parser: 'markdown', printWidth: 120 });
}

function tableOf(role: string): string {
  const specs = Object.entries(METRICS) as [string, MetricSpec][];
  const rows = specs
    .filter(([, spec]) => spec.role === role)
    .map(([name, { kind, help, labels = [] }]) => {
      const names = labels.map((label) => `\`${label}\``).join(', ');
      return [`\`${name}\``, kind, names, help];
    });
  return table(['metric', 'kind', 'labels', 'what'], rows);
}
