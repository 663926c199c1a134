/**
 * The HTTP server of a master.
 *
 * Always true: nothing listens beyond loopback unless told so in so many words; a request is read no further than its
 * limits; every answer that is no stream is JSON of its schema, errors included; disposing ends what still runs.
 *
 * Routes call the SDK, which calls this master as any client does: what a request may ask for is checked in one place.
 */
import { isUtf8 } from 'node:buffer';
import swagger from '@fastify/swagger';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import {
  KIB,
  LarderError,
  printable,
  systemCode,
  SparseWarning,
  systemClock,
} from '../common/index.ts';
import type { Logger } from '../common/index.ts';
import type { Stages } from '../master/index.ts';
import { assertMayListen, formatAddress, isLoopback, parseAddress } from '../rpc/grpc/index.ts';
import { connect } from '../sdk/index.ts';
import type { RouteContext } from './call.ts';
import { clusterRoutes } from './cluster.ts';
import { datasetRoutes } from './datasets.ts';
import { answerOf, errorBody } from './errors.ts';
import { checkRequest } from './guards.ts';
import { hookRoutes, wantsText } from './hooks.ts';
import { preloadRoutes } from './preloads.ts';

export interface HttpApiOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  /** Allows listening beyond loopback: there is no authentication. */
  readonly insecure: boolean;
  /** `HOST:PORT` of the master's gRPC. */
  readonly master: string;
  readonly stages: Stages;
  readonly softwareVersion: string;
  readonly log: Logger;
}

export interface HttpApi extends AsyncDisposable {
  /** `HOST:PORT`, with the real port. */
  readonly address: string;
}

/** One more is closed at once. Hooks and scripts come and go; each takes some 50 KiB. */
const MAX_CONNECTIONS = 512;
/** How long the headers and the body of a request may take. */
const REQUEST_TIMEOUT_MS = 30_000;
const BODY_BYTES = 64 * KIB;
const HEADER_BYTES = 16 * KIB;
/** A name of a dataset has 128 characters, a worker's id fewer. */
const MAX_PARAMETER_CHARS = 256;

/** @throws {LarderError} `INSECURE_LISTEN`, `INVALID_ARGUMENT`, `UNAVAILABLE` where the port is taken */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const wanted = parseAddress(options.listen);
  assertMayListen(wanted.host, options.insecure);
  const larder = connect({ master: options.master, client: 'http' });
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { maxHeaderSize: HEADER_BYTES },
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARS },
    // What is not as the schema says is refused, not changed until it is.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const answer = answerOf(error);
      void reply.code(answer.status).send(errorBody(answer.error));
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  try {
    await addRoutes(app, { larder, log: options.log }, options, isLoopback(wanted.host));
    await app.listen(wanted);
    const warning = new SparseWarning(systemClock, options.log);
    app.server.on('error', (error) => {
      warning.say({ err: error }, 'accepting a connection failed');
    });
  } catch (error) {
    await app.close();
    await larder[Symbol.asyncDispose]();
    if (systemCode(error) === undefined) throw error;
    const facts = { address: options.listen, why: systemCode(error) };
    throw new LarderError('UNAVAILABLE', facts, { cause: error });
  }
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : wanted.port;
  const address = formatAddress({ host: wanted.host, port });
  options.log.info({ address }, 'the HTTP API listens');
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await larder[Symbol.asyncDispose]();
    },
  };
}

async function addRoutes(
  app: FastifyInstance,
  context: RouteContext,
  { stages, softwareVersion }: HttpApiOptions,
  isOnLoopback: boolean,
): Promise<void> {
  readJson(app);
  answerInJson(app, context.log);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    checkRequest(request, isOnLoopback);
  });
  const description = 'Errors are {code, message, details, hint}: see docs/HTTP.md.';
  const info = { title: 'Larder', version: softwareVersion, description };
  await app.register(swagger, { openapi: { openapi: '3.1.0', info } });
  await app.register(async (routes) => {
    datasetRoutes(routes, context);
    preloadRoutes(routes, context);
    clusterRoutes(routes, context);
    hookRoutes(routes, stages);
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

/** A body is UTF-8 and JSON; none at all is an empty object. */
function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // Refuses keys that would reach a prototype.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) done(null, {});
    else if (isUtf8(bytes)) void parse(request, bytes.toString(), done);
    else done(new LarderError('INVALID_ARGUMENT', { what: 'a body that is not UTF-8' }));
  });
}

function answerInJson(app: FastifyInstance, log: Logger): void {
  // The schemas are what a client is told, and tests compare: a field that they lack is sent all the same.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler((thrown, request, reply) => {
    const { status, error } = answerOf(thrown);
    if (error.code === 'INTERNAL') {
      log.error({ err: thrown, url: printable(request.url) }, 'a request met a defect');
    }
    reply.code(status);
    if (wantsText(request)) return reply.type('text/plain').send(`error ${error.message}\n`);
    return reply.type('application/json; charset=utf-8').send(errorBody(error));
  });
  app.setNotFoundHandler(({ method, url }) => {
    throw new LarderError('NOT_FOUND', { method, path: url.split('?')[0] });
  });
}
