/** Routes of the cluster: what it has, who is in it, and whether this process is well. */
import type { FastifyInstance } from 'fastify';
import type { RouteContext } from './call.ts';
import { described, flag, list, object, text, whole } from './schema.ts';
import { answers, scores } from './schemas.ts';
import { status } from './status-schema.ts';

interface Worker {
  readonly worker: string;
}
interface Health {
  readonly status: string;
}
interface Readiness {
  readonly ready: boolean;
  readonly workers: number;
}

const tags = ['cluster'];
const ids = object<{ workerIds: string[] }>({ workerIds: list(text) });

export function clusterRoutes(app: FastifyInstance, { larder }: RouteContext): void {
  app.get(
    '/v1/status',
    {
      schema: { tags, summary: 'What `larder status --json` has', response: answers(200, status) },
    },
    async () => await larder.status(),
  );
  const querystring = object<{ dataset: string }>({ dataset: text });
  const scored = 'How much of a dataset (NAME, or NAME@v3) each node has, the best first';
  app.get<{ Querystring: { dataset: string } }>(
    '/v1/nodes/score',
    { schema: { tags, summary: scored, querystring, response: answers(200, scores) } },
    async ({ query }) => await larder.scoreNodes(query.dataset),
  );
  const body = object<{ cancel?: boolean }>({ cancel: described(flag, 'Own its share again.') }, [
    'cancel',
  ]);
  const drained = 'Has a worker, or all of a node, own nothing new';
  app.post<{ Params: Worker; Body: { cancel?: boolean } }>(
    '/v1/workers/:worker/drain',
    { schema: { tags, summary: drained, body, response: answers(200, ids) } },
    async ({ params, body: options }) => ({
      workerIds: await larder.drainWorker(params.worker, options),
    }),
  );
  const forgotten = 'Has a worker that is away be no member any more';
  app.post<{ Params: Worker }>(
    '/v1/workers/:worker/forget',
    { schema: { tags, summary: forgotten, response: answers(200, ids) } },
    async ({ params }) => ({ workerIds: await larder.forgetWorker(params.worker) }),
  );
  health(app, { larder });
}

function health(app: FastifyInstance, { larder }: Pick<RouteContext, 'larder'>): void {
  const healthy = object<Health>({ status: text });
  app.get(
    '/healthz',
    { schema: { tags, summary: 'The process answers', response: answers(200, healthy) } },
    async () => ({ status: 'ok' }),
  );
  const ready = object<Readiness>({ ready: flag, workers: described(whole, 'That are alive.') });
  app.get(
    '/readyz',
    { schema: { tags, summary: 'The master answers calls', response: answers(200, ready) } },
    async () => {
      const { workers } = await larder.status();
      return { ready: true, workers: workers.filter(({ alive }) => alive).length };
    },
  );
}
