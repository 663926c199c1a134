/** Where toxiproxy is on this machine. */
import { spawnSync } from 'node:child_process';

export const TOXIPROXY = 'toxiproxy-server';

/** Why there is none; undefined where there is. */
export const TOXIPROXY_MISSING =
  spawnSync(TOXIPROXY, ['-version']).status === 0
    ? undefined
    : `${TOXIPROXY} is not on the path (go install github.com/Shopify/toxiproxy/v2/cmd/server@latest, under that name)`;
