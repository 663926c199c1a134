/** What a worker measures of itself, as metrics. */
import type { Reading } from '../common/index.ts';
import type { WorkerCounters } from './membership/index.ts';
import type { DiskStatus } from './store/index.ts';

const DISK_STATES: readonly DiskStatus['state'][] = ['good', 'missing', 'bad'];

export function workerReadings(counters: WorkerCounters): Reading[] {
  const { origin, reads, moves, peers, disks = [], decisions = [], originTroubles } = counters;
  const ofDisks = (count: (disk: DiskStatus) => number) =>
    disks.reduce((sum, disk) => sum + count(disk), 0);
  return [
    { name: 'larder_cache_capacity_bytes', value: counters.capacityBytes },
    { name: 'larder_cache_used_bytes', value: counters.usedBytes },
    ...DISK_STATES.map((state): Reading => {
      const value = disks.filter((disk) => disk.state === state).length;
      return { name: 'larder_disks', value, labels: { state } };
    }),
    { name: 'larder_disk_errors_total', value: ofDisks(({ errors }) => errors) },
    { name: 'larder_disk_damaged_total', value: ofDisks(({ damaged }) => damaged) },
    { name: 'larder_disk_lost_total', value: ofDisks(({ lost }) => lost) },
    { name: 'larder_scrubbed_bytes_total', value: ofDisks(({ scrubbedBytes }) => scrubbedBytes) },
    { name: 'larder_read_bytes_total', value: reads.bytes },
    { name: 'larder_read_origin_bytes_total', value: reads.originBytes },
    { name: 'larder_read_peer_bytes_total', value: reads.peerBytes },
    { name: 'larder_origin_requests_total', value: origin.gets },
    { name: 'larder_origin_bytes_total', value: origin.bytes },
    { name: 'larder_origin_unique_bytes_total', value: origin.uniqueBytes },
    { name: 'larder_peer_received_bytes_total', value: peers.receivedBytes },
    { name: 'larder_peer_bad_answers_total', value: peers.badAnswers },
    { name: 'larder_moved_bytes_total', value: moves.movedBytes },
    { name: 'larder_moves_pending_bytes', value: moves.pendingBytes },
    ...decisions.map(({ decision, reason, count }): Reading => {
      return { name: 'larder_decisions_total', value: count, labels: { decision, reason } };
    }),
    { name: 'larder_origins_resting', value: originTroubles.length },
  ];
}
