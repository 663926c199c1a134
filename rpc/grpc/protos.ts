/**
 * The `.proto` files as grpc-js wants them: loaded once per process, with the options that the generated
 * types in `proto/generated` were made for.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { AuditDefinition } from '../../proto/generated/larder/v1/Audit.ts';
import type { CatalogDefinition } from '../../proto/generated/larder/v1/Catalog.ts';
import type { ClusterDefinition } from '../../proto/generated/larder/v1/Cluster.ts';
import type { PlansDefinition } from '../../proto/generated/larder/v1/Plans.ts';
import type { PreloadDefinition } from '../../proto/generated/larder/v1/Preload.ts';
import type { SpaceDefinition } from '../../proto/generated/larder/v1/Space.ts';

export interface Services {
  readonly Audit: AuditDefinition;
  readonly Catalog: CatalogDefinition;
  readonly Cluster: ClusterDefinition;
  readonly Plans: PlansDefinition;
  readonly Preload: PreloadDefinition;
  readonly Space: SpaceDefinition;
}

/** What it has to say comes back as errors of calls; stderr is our log's. */
setLogVerbosity(logVerbosity.NONE);

let loaded: PackageDefinition | undefined;

export function packageDefinition(): PackageDefinition {
  loaded ??= loadSync(
    ['audit', 'catalog', 'cluster', 'plans', 'preload', 'space'].map(
      (name) => `larder/v1/${name}.proto`,
    ),
    {
      includeDirs: [protoDirectory()],
      keepCase: true,
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
      bytes: Buffer,
    },
  );
  return loaded;
}

/** Messages that go to many, and their bytes once somebody was sent them. */
const shared = new WeakMap<object, Buffer | undefined>();

/**
 * Has a message that goes to many streams be encoded for the first of them only. It must not change any
 * more.
 */
export function encodedOnce<T extends object>(message: T): T {
  shared.set(message, undefined);
  return message;
}

/** A service whose answers are looked up among those that were encoded before. */
export function sharing<T extends ServiceDefinition>(service: T): T {
  const methods = Object.entries(service).map(([name, method]) => {
    const responseSerialize = (message: object): Buffer => {
      const known = shared.get(message);
      if (known !== undefined) return known;
      const bytes = method.responseSerialize(message);
      if (shared.has(message)) shared.set(message, bytes);
      return bytes;
    };
    return [name, { ...method, responseSerialize }];
  });
  return Object.fromEntries(methods) as T;
}

/** The generated type of a service is what `loadSync` gives for it: both come from the same file. */
export function serviceDefinition<Name extends keyof Services>(name: Name): Services[Name] {
  return packageDefinition()[`larder.v1.${name}`] as ServiceDefinition as Services[Name];
}

/** `proto/` beside package.json: the code runs from the source tree and from `dist/`. */
function protoDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('the package root was not found');
    directory = parent;
  }
  return join(directory, 'proto');
}
