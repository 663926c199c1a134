/**
 * Tells the source which objects are open here, as the difference to what it was told last.
 *
 * It looks at the open table now and then: a file that is opened and closed in between was never in
 * the way of an eviction. After a restart the table still has what is open, and it is told again.
 */
import { PageMissing } from '../common/index.ts';
import type { OpenTable } from './open-table.ts';
import type { VersionFiles } from './operations.ts';

export interface OpenListener {
  reportOpen(objectId: string, open: boolean): void;
}

export class OpenReports {
  readonly #table: OpenTable;
  /** By node, what was reported as open. */
  readonly #reported = new Map<number, string>();
  #files: VersionFiles | undefined;
  #changes = -1;

  constructor(table: OpenTable) {
    this.#table = table;
  }

  setFiles(files: VersionFiles): void {
    this.#files = files;
  }

  report(listener: OpenListener): void {
    const { changes } = this.#table;
    const files = this.#files;
    if (changes === this.#changes || files === undefined) return;
    const open = this.#table.nodes();
    for (const [node, objectId] of this.#reported) {
      if (open.has(node)) continue;
      this.#reported.delete(node);
      listener.reportOpen(objectId, false);
    }
    let complete = true;
    for (const node of open) {
      if (this.#reported.has(node)) continue;
      const objectId = objectIdOf(files, node);
      complete &&= objectId !== undefined;
      if (objectId === undefined) continue;
      this.#reported.set(node, objectId);
      listener.reportOpen(objectId, true);
    }
    if (complete) this.#changes = changes;
  }
}

/** Undefined while the page that says so is not here. */
function objectIdOf(files: VersionFiles, node: number): string | undefined {
  try {
    return files.reader.objectRef(node - 1, files.dataset).objectId;
  } catch (error) {
    if (!(error instanceof PageMissing)) throw error;
    return undefined;
  }
}
