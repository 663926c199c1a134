/**
 * A gRPC server with what every one of ours has: message limits, keepalive, health and reflection, and
 * no way to listen beyond loopback by accident.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { GRPC_MAX_MESSAGE_BYTES, systemClock } from '../../common/index.ts';
import type { Clock, Logger } from '../../common/index.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { assertMayListen, formatAddress, parseAddress } from './listen.ts';
import type { Address } from './listen.ts';
import { packageDefinition, serviceDefinition, sharing } from './protos.ts';
import type { Services } from './protos.ts';

export interface GrpcService {
  readonly name: keyof Services;
  readonly handlers: UntypedServiceImplementation;
}

export interface GrpcServerOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  readonly services: readonly GrpcService[];
  /** Allows listening beyond loopback without authentication. */
  readonly insecure: boolean;
  /** One more is closed at once. Default: no limit. */
  readonly maxConnections?: number;
  readonly clock?: Clock;
  readonly log: Logger;
}

export interface GrpcServer extends AsyncDisposable {
  /** With the real port. */
  readonly address: Address;
}

/** As long as a worker waits for HELLO. */
const PREFACE_TIMEOUT_MS = 5_000;

const LIMITS = {
  'grpc.max_receive_message_length': GRPC_MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': GRPC_MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 1000,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
} as const;

/**
 * Starts to listen. Disposing cancels the calls that are running and closes the port.
 *
 * @throws {LarderError} `INSECURE_LISTEN`, `INVALID_ARGUMENT`, `UNAVAILABLE` where the port is taken
 */
export async function createGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const wanted = parseAddress(options.listen);
  assertMayListen(wanted.host, options.insecure);
  const server = new Server(LIMITS);
  for (const { name, handlers } of options.services) {
    server.addService(sharing(serviceDefinition(name)), handlers);
  }
  await addCommonServices(server, options.services);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const doorkeeper = new Doorkeeper({
    clock: options.clock ?? systemClock,
    log: options.log,
    maxConnections: options.maxConnections ?? Infinity,
    prefaceTimeoutMs: PREFACE_TIMEOUT_MS,
    admit: (socket) => {
      injector.injectConnection(socket);
    },
  });
  const port = await doorkeeper.listen(wanted);
  const address = { host: wanted.host, port };
  options.log.info({ address: formatAddress(address) }, 'listening');
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      await doorkeeper[Symbol.asyncDispose]();
    },
  };
}

/** Loaded here: a client never needs them. */
async function addCommonServices(server: Server, services: readonly GrpcService[]): Promise<void> {
  const [{ HealthImplementation }, { ReflectionService }] = await Promise.all([
    import('grpc-health-check'),
    import('@grpc/reflection'),
  ]);
  const serving = services.map(({ name }) => [`larder.v1.${name}`, 'SERVING'] as const);
  new HealthImplementation({ '': 'SERVING', ...Object.fromEntries(serving) }).addToServer(server);
  new ReflectionService(packageDefinition()).addToServer(server);
}
