/**
 * Hosts as namespaces: each has a network with one interface, a host name and mounts of its own. Their
 * links meet at a bridge in one more namespace, so that nothing is seen of them outside.
 *
 * Always true: a host lives as long as the process that keeps it; the links go with it.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { HOSTS_VARIABLE } from './leftovers.ts';

const NEEDED = ['unshare', 'nsenter', 'ip', 'tc', 'iptables'] as const;
const READY_TIMEOUT_MS = 20_000;
/** From the block for benchmarks (RFC 2544). */
const SUBNET = '198.18.99';
const SWITCH = 'switch';

/** Why there can be no hosts here; undefined where there can. */
export const HOSTS_MISSING = missing();

export class HostNetwork {
  readonly #keepers: ReadonlyMap<string, ChildProcess>;
  readonly #names: readonly string[];

  static async start(directory: string, names: readonly string[]): Promise<HostNetwork> {
    const keepers = await Promise.all(
      [SWITCH, ...names].map(async (name) => [name, await keep(directory, name)] as const),
    );
    const network = new HostNetwork(new Map(keepers), names);
    network.#wire();
    return network;
  }

  /** Not for callers: see the static method. */
  constructor(keepers: ReadonlyMap<string, ChildProcess>, names: readonly string[]) {
    this.#keepers = keepers;
    this.#names = names;
  }

  address(name: string): string {
    return `${SUBNET}.${String(this.#names.indexOf(name) + 1)}`;
  }

  /** What starts a program on a host. */
  within(name: string): string[] {
    const pid = this.#pid(name);
    return ['nsenter', '--target', pid, '--net', '--uts', '--mount', '--'];
  }

  /** Runs a shell script on a host, to its end. */
  run(name: string, script: string): string {
    const [program, ...args] = ['env', ...this.within(name), 'sh', '-ec', script] as const;
    return execFileSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  }

  /** A path on a host, as it is seen from here. */
  outside(name: string, path: string): string {
    return `/proc/${this.#pid(name)}/root${path}`;
  }

  /** Nothing comes through between one side and the other, in either direction. */
  partition(left: readonly string[], right: readonly string[]): void {
    const others = right.map((name) => this.address(name));
    const script = others
      .map((to) => `iptables -w -A INPUT -s ${to} -j DROP; iptables -w -A OUTPUT -d ${to} -j DROP`)
      .join('\n');
    for (const name of left) this.run(name, script);
  }

  /** A share of the packets that a host is sent does not arrive. */
  loss(name: string, share: number): void {
    const random = `-m statistic --mode random --probability ${String(share)}`;
    this.run(name, `iptables -w -A INPUT ${random} -j DROP`);
  }

  /** Ends partitions and losses. */
  heal(): void {
    for (const name of this.#names) this.run(name, 'iptables -w -F');
  }

  /** The speed of a host's link, each way; undefined: no limit. */
  limit(name: string, bitsPerSecond: number | undefined): void {
    const at = (device: string) =>
      bitsPerSecond === undefined
        ? `tc qdisc del dev ${device} root`
        : `tc qdisc replace dev ${device} root tbf rate ${String(bitsPerSecond)}bit burst 256kb latency 100ms`;
    this.run(name, at('eth0'));
    this.run(SWITCH, at(port(name)));
  }

  #pid(name: string): string {
    const pid = this.#keepers.get(name)?.pid;
    if (pid === undefined) throw new Error(`there is no host ${name}`);
    return String(pid);
  }

  #wire(): void {
    const pid = this.#pid(SWITCH);
    this.run(SWITCH, 'ip link add br0 type bridge; ip link set br0 up');
    for (const name of this.#names) {
      const peer = ['peer', 'name', port(name), 'netns', pid];
      const link = ['link', 'add', 'eth0', 'netns', this.#pid(name), 'type', 'veth', ...peer];
      execFileSync('ip', link, { timeout: 10_000 });
      const address = `${this.address(name)}/24`;
      this.run(name, `ip address add ${address} dev eth0; ip link set eth0 up`);
    }
    const ports = this.#names.map((name) => `ip link set dev ${port(name)} master br0 up`);
    this.run(SWITCH, ports.join('\n'));
  }
}

/** The end of a host's link at the bridge; an interface has at most 15 characters. */
function port(name: string): string {
  return `to-${name}`;
}

async function keep(directory: string, name: string): Promise<ChildProcess> {
  const script = 'hostname "$0"; ip link set lo up; echo ready; exec sleep 3600';
  const keeper = spawn('unshare', ['--net', '--uts', '--mount', 'sh', '-ec', script, name], {
    env: { ...process.env, [HOSTS_VARIABLE]: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  const said = once(keeper.stdout, 'data', { signal }).then(String);
  const first = await Promise.race([said, once(keeper, 'exit').then(() => 'ended')]);
  if (first.trim() !== 'ready') throw new Error(`host ${name} could not be made: ${first}`);
  keeper.stdout.destroy();
  keeper.unref();
  return keeper;
}

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = NEEDED.filter((name) => spawnSync(name, ['--help']).error !== undefined);
  if (absent.length > 0) return `needs ${absent.join(', ')}`;
  const bridge = 'ip link add br0 type bridge && iptables -w -L -n';
  const tried = spawnSync('unshare', ['--net', '--mount', 'sh', '-c', bridge]);
  return tried.status === 0 ? undefined : `no bridge or iptables here: ${String(tried.stderr)}`;
}
