/** A reader on one host: see `client-process.ts`. */
import type { ClusterStatus } from '../../../sdk/index.ts';
import type { CreateDataset, FileOfMount, PieceOf } from './client-process.ts';
import type { HostProcess } from './host-process.ts';
import type { ReadPlan, ReadReport } from './read-all.ts';

export class HostClient {
  readonly process: HostProcess;

  constructor(process: HostProcess) {
    this.process = process;
  }

  status(): Promise<ClusterStatus> {
    return this.#call('status', {});
  }

  /** From the cluster's S3 server. @returns the number of the version */
  create(dataset: CreateDataset): Promise<number> {
    return this.#call('create', dataset);
  }

  refresh(name: string): Promise<number> {
    return this.#call('refresh', name);
  }

  versions(name: string): Promise<number> {
    return this.#call('versions', name);
  }

  /** @returns the state that it ended with */
  preload(reference: string): Promise<string> {
    return this.#call('preload', reference);
  }

  /** The host that owns each file. */
  owners(what: Pick<ReadPlan, 'dataset' | 'files'>): Promise<string[]> {
    return this.#call('owners', what);
  }

  /** The host that owns each stripe of a file. */
  stripes(what: Pick<PieceOf, 'dataset' | 'file'>): Promise<string[]> {
    return this.#call('stripes', what);
  }

  read(plan: ReadPlan): Promise<ReadReport> {
    return this.#call('read', plan);
  }

  /** @param plan whose dataset is a mount point of this host */
  readMount(plan: ReadPlan): Promise<ReadReport> {
    return this.#call('readMount', plan);
  }

  /** How a file of a mount of this host is opened, and whether it has the right bytes. */
  opened(what: FileOfMount): Promise<{ readonly mode: string; readonly isRight: boolean }> {
    return this.#call('opened', what);
  }

  /** An extended attribute of a file of a mount of this host. */
  attribute(name: `user.larder.${string}`, what: FileOfMount): Promise<string> {
    return this.#call('attribute', { ...what, name });
  }

  /** Whether a part of a file has the right bytes. */
  readPiece(piece: PieceOf): Promise<boolean> {
    return this.#call('readPiece', piece);
  }

  async #call<T>(name: string, argument: unknown): Promise<T> {
    return (await this.process.call(name, argument)) as T;
  }
}
