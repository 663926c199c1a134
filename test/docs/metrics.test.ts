/** docs/METRICS.md is what the table of metrics says. */
import { expect, it } from 'vitest';
import { METRICS } from '../../common/index.ts';
import type { MetricSpec } from '../../common/index.ts';
import { renderMetricsPage } from './metrics-page.ts';
import { readText } from './repository.ts';

it('docs/METRICS.md is made from the table of metrics as it is now', async () => {
  const page = readText('docs/METRICS.md');
  expect(page, 'run `npm run docs:generate`').toBe(await renderMetricsPage());
});

it('names end as those of Prometheus do: counters with _total, others without', () => {
  const specs: [string, MetricSpec][] = Object.entries(METRICS);
  const wrong = specs.filter(
    ([name, { kind }]) => name.endsWith('_total') !== (kind === 'counter'),
  );
  expect(wrong).toEqual([]);
});
