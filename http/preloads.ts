/** Routes of preloads. One that is started here goes on when nobody watches it. */
import type { FastifyInstance } from 'fastify';
import { MIB } from '../common/index.ts';
import type { PreloadOptions } from '../sdk/index.ts';
import { idOf, nameBytes, sendStream, signalOf, streamKind } from './call.ts';
import type { JsonName, RouteContext } from './call.ts';
import { described, flag, list, name, object, text, whole } from './schema.ts';
import { answers, estimate, preload, progress, started } from './schemas.ts';

interface Numbered {
  readonly id: string;
}
interface PreloadBody extends Omit<PreloadOptions, 'signal' | 'paths' | 'listed'> {
  readonly dataset: string;
  readonly paths?: readonly JsonName[];
  readonly listed?: readonly JsonName[];
}

const tags = ['preloads'];
/** 3 MiB of names, as base64 in JSON. */
const BODY_BYTES = 8 * MIB;

const body = object<PreloadBody>(
  {
    dataset: described(text, 'NAME, or NAME@v3.'),
    paths: described(list(name), 'Files, directories, or patterns; none: everything.'),
    listed: described(list(name), 'As they are; those that are not there have failed.'),
    budgetBytes: whole,
    priority: { type: 'integer', minimum: -100, maximum: 100 },
    bandwidthBytesPerSecond: whole,
    deadlineMs: whole,
    keepMs: { anyOf: [whole, { const: 'forever' }] },
    replicas: described({ anyOf: [whole, { const: 'all' }] }, 'Copies, on nodes of their own.'),
    on: described(list(text), 'Nodes, or ids of workers, that alone are to hold it.'),
    verify: described(flag, 'What is held is read and compared with its checksums first.'),
    changedSince: described(whole, 'Only what this version has not.'),
  },
  [
    ...(['paths', 'listed', 'budgetBytes', 'priority'] as const),
    ...(['bandwidthBytesPerSecond', 'deadlineMs', 'keepMs'] as const),
    ...(['replicas', 'on', 'verify', 'changedSince'] as const),
  ],
);

export function preloadRoutes(app: FastifyInstance, context: RouteContext): void {
  starting(app, context);
  const { larder } = context;
  app.get(
    '/v1/preloads',
    { schema: { tags, summary: 'The newest first', response: answers(200, list(preload)) } },
    async () => await larder.preloads.list(),
  );
  app.get<{ Params: Numbered }>(
    '/v1/preloads/:id',
    { schema: { tags, summary: 'One, with its failures', response: answers(200, preload) } },
    async ({ params }) => await larder.preloads.show(idOf(params.id)),
  );
  const watched =
    'Progress now, after each change, and the final state: server-sent events with ' +
    '`Accept: text/event-stream`, else one JSON value per line';
  const stream = (type: string) => ({ [type]: { schema: progress } });
  const content = { ...stream('application/x-ndjson'), ...stream('text/event-stream') };
  app.get<{ Params: Numbered }>(
    '/v1/preloads/:id/watch',
    { schema: { tags, summary: watched, response: answers(200, { content }) } },
    async (request, reply) => {
      const id = idOf(request.params.id);
      const messages = larder.preloads.watch(id, { signal: signalOf(reply) });
      return await sendStream(reply, messages, streamKind(request) ?? 'lines');
    },
  );
  for (const action of ['cancel', 'release'] as const) {
    const summary = { cancel: 'Stops it', release: 'What it has loaded may be evicted' }[action];
    app.post<{ Params: Numbered }>(
      `/v1/preloads/:id/${action}`,
      { schema: { tags, summary, response: answers(200, preload) } },
      async ({ params }) => {
        const id = idOf(params.id);
        await larder.preloads[action](id);
        return await larder.preloads.show(id);
      },
    );
  }
  const again = 'A new one of what this one could not get';
  app.post<{ Params: Numbered }>(
    '/v1/preloads/:id/retry',
    { schema: { tags, summary: again, response: answers(202, started) } },
    async ({ params }, reply) =>
      await reply.code(202).send(await larder.preloads.retry(idOf(params.id))),
  );
}

function starting(app: FastifyInstance, { larder }: RouteContext): void {
  const bodyLimit = BODY_BYTES;
  const begin = 'Brings files to the disks; an equal one that runs is joined';
  app.post<{ Body: PreloadBody }>(
    '/v1/preloads',
    { bodyLimit, schema: { tags, summary: begin, body, response: answers(202, started) } },
    async (request, reply) => {
      await using of = await larder.datasets.get(request.body.dataset);
      return await reply.code(202).send(await of.startPreload(optionsOf(request.body)));
    },
  );
  const dry = 'What it would take: nothing is started';
  app.post<{ Body: PreloadBody }>(
    '/v1/preloads/estimate',
    { bodyLimit, schema: { tags, summary: dry, body, response: answers(200, estimate) } },
    async (request, reply) => {
      await using of = await larder.datasets.get(request.body.dataset);
      const options = { ...optionsOf(request.body), signal: signalOf(reply) };
      return await of.estimatePreload(options);
    },
  );
}

function optionsOf({ dataset: _, paths = [], listed = [], ...options }: PreloadBody) {
  return { ...options, paths: paths.map(nameBytes), listed: listed.map(nameBytes) };
}
