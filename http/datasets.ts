/** Routes of datasets and their versions. */
import type { FastifyInstance } from 'fastify';
import type { SettingChanges } from '../sdk/index.ts';
import { shownName, signalOf } from './call.ts';
import type { RouteContext } from './call.ts';
import { described, flag, list, object, text, whole } from './schema.ts';
import { answers, audit, built, dataset, version } from './schemas.ts';

interface Named {
  readonly name: string;
}
interface CreateBody {
  readonly name: string;
  readonly origin: string;
  readonly settings?: SettingChanges;
}
interface AuditBody {
  readonly version?: number;
  readonly checksums?: boolean;
  readonly complete?: boolean;
  readonly limit?: number;
}
interface Skipped {
  readonly path: string;
  readonly pathBase64?: string;
  readonly reason: string;
}

const tags = ['datasets'];
const settings = described(
  { type: 'object', additionalProperties: text },
  'Keys and values as of `larder dataset set`; an empty value restores the default.',
);
const nothing = object<object>({});
/** Named in one answer; `Version.skipped` counts all. */
const SHOWN_SKIPPED = 1_000;

export function datasetRoutes(app: FastifyInstance, context: RouteContext): void {
  reading(app, context);
  changing(app, context);
}

function reading(app: FastifyInstance, { larder }: RouteContext): void {
  app.get(
    '/v1/datasets',
    { schema: { tags, summary: 'All datasets', response: answers(200, list(dataset)) } },
    async () => await larder.datasets.list(),
  );
  app.get<{ Params: Named }>(
    '/v1/datasets/:name',
    { schema: { tags, summary: 'One dataset', response: answers(200, dataset) } },
    async ({ params }) => await larder.datasets.describe(params.name),
  );
  app.get<{ Params: Named }>(
    '/v1/datasets/:name/versions',
    { schema: { tags, summary: 'Its versions', response: answers(200, list(version)) } },
    async ({ params }) => await larder.datasets.versions(params.name),
  );
  const skipped = object<Skipped>({ path: text, pathBase64: text, reason: text }, ['pathBase64']);
  app.get<{ Params: Named }>(
    '/v1/datasets/:name/skipped',
    {
      schema: {
        tags,
        summary: `What the origin has and the latest version does not show: the first ${String(SHOWN_SKIPPED)}`,
        response: answers(200, list(skipped)),
      },
    },
    async ({ params }, reply) => {
      await using found = await larder.datasets.get(params.name);
      const shown: Skipped[] = [];
      for await (const { key, reason } of found.skipped({ signal: signalOf(reply) })) {
        if (shown.push({ ...shownName(key), reason }) === SHOWN_SKIPPED) break;
      }
      return shown;
    },
  );
  const request = object<AuditBody>(
    { version: whole, checksums: flag, complete: flag, limit: whole },
    ['version', 'checksums', 'complete', 'limit'],
  );
  const summary = 'Compares disks, manifest and what the master believes; changes nothing';
  app.post<{ Params: Named; Body: AuditBody }>(
    '/v1/datasets/:name/audit',
    { schema: { tags, summary, body: request, response: answers(200, audit) } },
    async ({ params, body }, reply) => {
      const { version: number = 0, ...options } = body;
      const reference = number === 0 ? params.name : `${params.name}@v${String(number)}`;
      const call = { ...options, signal: signalOf(reply) };
      const report = await larder.datasets.audit(reference, call);
      const { differences } = report;
      return {
        ...report,
        differences: differences.map(({ path, ...one }) => ({ ...one, ...shownName(path) })),
      };
    },
  );
}

function changing(app: FastifyInstance, { larder }: RouteContext): void {
  const create = object<CreateBody>({ name: text, origin: text, settings }, ['settings']);
  const listed = 'Lists the origin and makes version 1; answers when that is done';
  app.post<{ Body: CreateBody }>(
    '/v1/datasets',
    { schema: { tags, summary: listed, body: create, response: answers(201, built) } },
    async ({ body }, reply) => {
      const options = { settings: body.settings ?? {}, signal: signalOf(reply) };
      const done = await larder.datasets.create(body.name, body.origin, options);
      return await reply.code(201).send(done);
    },
  );
  const again = 'Lists the origin again; a new version where something changed';
  app.post<{ Params: Named }>(
    '/v1/datasets/:name/refresh',
    { schema: { tags, summary: again, response: answers(200, built) } },
    async ({ params }, reply) =>
      await larder.datasets.refresh(params.name, { signal: signalOf(reply) }),
  );
  const changes = object<{ settings: SettingChanges }>({ settings });
  app.patch<{ Params: Named; Body: { settings: SettingChanges } }>(
    '/v1/datasets/:name',
    { schema: { tags, summary: 'Settings', body: changes, response: answers(200, dataset) } },
    async ({ params, body }) => await larder.datasets.set(params.name, body.settings),
  );
  const gone = 'What only it named leaves the disks; refused while it is mounted';
  app.delete<{ Params: Named }>(
    '/v1/datasets/:name',
    { schema: { tags, summary: gone, response: answers(200, nothing) } },
    async ({ params }) => {
      await larder.datasets.delete(params.name);
      return {};
    },
  );
  app.delete<{ Params: Named & { version: string } }>(
    '/v1/datasets/:name/versions/:version',
    { schema: { tags, summary: gone, response: answers(200, nothing) } },
    async ({ params }) => {
      await larder.datasets.delete(`${params.name}@${params.version}`);
      return {};
    },
  );
}
