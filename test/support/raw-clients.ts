/** Connections that a test leads byte by byte, all closed in the end. */
import net from 'node:net';
import type { NetConnectOpts } from 'node:net';

export class RawClients implements Disposable {
  readonly #open = new Set<net.Socket>();

  /** Those that are not closed. */
  get size(): number {
    return this.#open.size;
  }

  dial(where: NetConnectOpts): net.Socket {
    const client = net.connect(where);
    client.on('error', () => undefined);
    this.#open.add(client);
    client.once('close', () => this.#open.delete(client));
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.#open) client.destroy();
  }
}
