/**
 * Routes for schedulers: have a dataset in the cache before a job starts, and let it go after.
 *
 * All of them may be called again: a hook that was cut off is. With `Accept: text/plain` an answer is lines of words,
 * for hooks without a JSON parser: the state, then `NAME@vN STATE` for each dataset; of an error `error [CODE] MESSAGE`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LarderError, parseDuration } from '../common/index.ts';
import type { StagedJob, Stages } from '../master/index.ts';
import { parseReference } from '../sdk/index.ts';
import { described, object, text, whole } from './schema.ts';
import type { Schema } from './schema.ts';
import { answers, staged } from './schemas.ts';

interface StageBody {
  readonly dataset: string;
  readonly job: string;
  readonly keep?: string;
  readonly deadline?: string;
}

const tags = ['hooks'];
/** A release that never comes must not keep the disks full: longer than most jobs wait and run. */
const DEFAULT_KEEP = '24h';

const stageBody = object<StageBody>(
  {
    dataset: described(text, 'NAME, or NAME@v3.'),
    job: described(text, 'The name of the job at its scheduler: unique, such as slurm-4711.'),
    keep: described(
      text,
      `Protected for so long after it is loaded, unless released before: 6h; default ${DEFAULT_KEEP}.`,
    ),
    deadline: described(text, 'What is missing then is not waited for: 30m; default none.'),
  },
  ['keep', 'deadline'],
);

export function hookRoutes(app: FastifyInstance, stages: Stages): void {
  const begin = 'Starts to load a dataset for a job, or joins what was started for it';
  app.post<{ Body: StageBody }>(
    '/v1/hooks/stage',
    { schema: { tags, summary: begin, body: stageBody, response: answers(200, shown(staged)) } },
    async (request, reply) => {
      const { dataset, job, keep = DEFAULT_KEEP, deadline } = request.body;
      const { name, version } = parseReference(dataset);
      const done = await stages.stage({
        ...{ job, dataset: name, version, keepMs: durationOf('keep', keep) },
        deadlineMs: deadline === undefined ? 0 : durationOf('deadline', deadline),
      });
      return await send(request, reply, done);
    },
  );
  const asked = 'How far it is: `complete`, or whatever else there is to say';
  app.get<{ Params: { job: string } }>(
    '/v1/hooks/stage/:job',
    { schema: { tags, summary: asked, response: answers(200, shown(staged)) } },
    async (request, reply) => await send(request, reply, await stages.show(request.params.job)),
  );
  const ended = 'Ends what still loads for a job, and lets what was loaded be evicted';
  const body = object<{ job: string }>({ job: text });
  const released = object<{ released: number }>({ released: described(whole, 'Datasets.') });
  app.post<{ Body: { job: string } }>(
    '/v1/hooks/release',
    { schema: { tags, summary: ended, body, response: answers(200, released) } },
    async (request) => await stages.release(request.body.job),
  );
}

export function wantsText({ headers }: FastifyRequest): boolean {
  return (headers.accept ?? '').startsWith('text/plain');
}

function shown(schema: Schema): Schema {
  return { content: { 'application/json': { schema }, 'text/plain': { schema: text } } };
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  job: StagedJob,
): Promise<FastifyReply> {
  if (!wantsText(request)) return reply.send(job);
  const lines = job.datasets.map((it) => `${it.dataset}@v${String(it.version)} ${it.state}`);
  return reply.type('text/plain; charset=utf-8').send(`${[job.state, ...lines].join('\n')}\n`);
}

function durationOf(key: string, value: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined && ms > 0) return ms;
  throw new LarderError('INVALID_ARGUMENT', { [key]: value, expected: 'a time like 30m or 6h' });
}
