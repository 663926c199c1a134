/** What everything of one `connect()` shares: the channel to the master, placement, workers, routing. */
import type { MasterChannel } from '../rpc/grpc/index.ts';
import { connectMaster } from '../rpc/grpc/index.ts';
import { Connections } from './connections.ts';
import { connectConfig } from './options.ts';
import type { ConnectConfig, ConnectOptions } from './options.ts';
import { PlacementWatch } from './placement-watch.ts';
import { Router } from './router.ts';

export class Connection implements AsyncDisposable {
  readonly config: ConnectConfig;
  readonly master: MasterChannel;
  readonly placement: PlacementWatch;
  readonly workers: Connections;
  readonly router: Router;

  /** @throws {LarderError} `INVALID_ARGUMENT` for an address that is none */
  constructor(options: ConnectOptions) {
    const config = connectConfig(options);
    this.config = config;
    this.master = connectMaster({ address: config.master, unaryDeadlineMs: config.callTimeoutMs });
    this.placement = new PlacementWatch(this.master, config.clock);
    this.workers = new Connections(config, () => this.router.localWorkerId);
    this.router = new Router({
      config,
      connections: this.workers,
      placement: () => this.placement.current,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.placement[Symbol.asyncDispose]();
    await this.workers[Symbol.asyncDispose]();
    await this.master[Symbol.asyncDispose]();
  }
}
