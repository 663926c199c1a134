/** `larder audit`: whether disks, manifest and the master's view are the same, and what is not. */
import { EXIT, formatBytes, LarderError, printable, printableKey } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type { AuditReport } from '../../sdk/index.ts';
import { createContext } from '../context.ts';
import { isSet, masterAddress, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { table } from '../output.ts';

export async function audit([reference = '']: string[], flags: Flags): Promise<number> {
  const { output, environment, signal } = createContext({
    json: isSet(flags, 'json'),
    role: 'cli',
  });
  await using larder = connect({ master: masterAddress(flags, environment), client: 'cli' });
  const report = await larder.datasets.audit(reference, {
    checksums: isSet(flags, 'checksums'),
    complete: isSet(flags, 'complete'),
    limit: limitOf(text(flags, 'limit')),
    signal,
  });
  output.result(forScripts(report), render(report));
  if (report.counts.length > 0) return EXIT.differs;
  return report.equal ? EXIT.ok : EXIT.partial;
}

/** 0: the default. @throws {LarderError} `INVALID_ARGUMENT` */
function limitOf(limit: string | undefined): number {
  if (limit === undefined) return 0;
  if (/^[1-9]\d{0,3}$/.test(limit)) return Number(limit);
  throw new LarderError('INVALID_ARGUMENT', { limit, expected: '--limit with 1 to 9999' });
}

/** Names are bytes: as text where they are text, and as they are. */
function forScripts(report: AuditReport) {
  return {
    ...report,
    differences: report.differences.map(({ path, ...one }) => ({
      ...one,
      path: printableKey(path),
      pathBase64: path.toString('base64'),
    })),
  };
}

function render(report: AuditReport): string {
  const { all, held, heldTwice } = report.blocks;
  const guests = report.guestBlocks === null ? 'not counted' : String(report.guestBlocks);
  const parts = [
    table(
      ['WORKER', 'NODE', 'OBJECTS', 'CHECKED', 'HELD BLOCKS', 'FAILURE'],
      report.workers.map((it) => [
        it.workerId,
        it.node,
        String(it.objects),
        formatBytes(it.checkedBytes),
        String(it.heldBlocks),
        it.failure ?? '–',
      ]),
    ),
    `${report.dataset}@v${String(report.version)}: ${String(held)} of ${String(all)} blocks held, ` +
      `${String(heldTwice)} more than once, by others than their owner: ${guests}.`,
  ];
  if (report.differences.length > 0) {
    parts.push(
      table(
        ['DIFFERENCE', 'WORKER', 'PATH', 'BLOCKS', 'DETAIL'],
        report.differences.map((it) => [
          it.kind,
          it.workerId ?? '–',
          it.path.length === 0 ? (it.objectId ?? '–') : printable(printableKey(it.path)),
          `${String(it.firstBlock)}+${String(it.blocks)}`,
          it.detail,
        ]),
      ),
    );
  }
  const total = report.counts.reduce((sum, one) => sum + one.count, 0);
  const kinds = report.counts.map(
    ({ kind, workerId, count: n }) =>
      `${kind} ${String(n)}${workerId === null ? '' : ` on ${workerId}`}`,
  );
  parts.push(total === 0 ? verdict(report) : `Differences: ${kinds.join(', ')}.`);
  return parts.join('\n\n');
}

function verdict({ equal }: AuditReport): string {
  return equal
    ? 'Disks, manifest and master agree.'
    : 'No difference was found, but not every worker could be asked.';
}
