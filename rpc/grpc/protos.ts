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
import type { PreloadDefinition } from '../../proto/generated/larder/v1/Preload.ts';

export interface Services {
  readonly Audit: AuditDefinition;
  readonly Catalog: CatalogDefinition;
  readonly Cluster: ClusterDefinition;
  readonly Preload: PreloadDefinition;
}

/** What it has to say comes back as errors of calls; stderr is our log's. */
setLogVerbosity(logVerbosity.NONE);

let loaded: PackageDefinition | undefined;

export function packageDefinition(): PackageDefinition {
  loaded ??= loadSync(
    ['audit', 'catalog', 'cluster', 'preload'].map((name) => `larder/v1/${name}.proto`),
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
