/**
 * A gRPC server with what every one of ours has: message limits, keepalive, health and reflection, and
 * no way to listen beyond loopback by accident.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { GRPC_MAX_MESSAGE_BYTES, LarderError } from '../../common/index.ts';
import type { Logger } from '../../common/index.ts';
import { assertMayListen, formatAddress, parseAddress } from './listen.ts';
import type { Address } from './listen.ts';
import { packageDefinition, serviceDefinition } from './protos.ts';
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
  readonly log: Logger;
}

export interface GrpcServer extends AsyncDisposable {
  /** With the real port. */
  readonly address: Address;
}

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
    server.addService(serviceDefinition(name), handlers);
  }
  await addCommonServices(server, options.services);
  const port = await bind(server, wanted);
  const address = { host: wanted.host, port };
  options.log.info({ address: formatAddress(address) }, 'listening');
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
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

function bind(server: Server, wanted: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const address = formatAddress(wanted);
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else
        reject(new LarderError('UNAVAILABLE', { address, what: error.message }, { cause: error }));
    });
  });
}
