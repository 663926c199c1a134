/**
 * What bounds each row, one sentence, from the profiles (`--profile ROW`) of the machine that
 * docs/PERFORMANCE.md names. A row that is not here was not looked at.
 */
export const BOUNDS: Readonly<Record<string, string>> = {
  'warm-sequential-1m-1':
    'The copy out of the page cache, as for native. Seven rounds gave 1.00 × native: of three, one slow sample moves the median.',
  'warm-mmap': 'The faults of the kernel, as for native. Seven rounds gave 1.03 × native.',
  'warm-random-4k-16':
    'Not profiled. Seven rounds gave 0.87 × native too; with one reader, on a core of its own, it is 0.92.',
  'cold-sequential-1m-1':
    'The two cores. CPU seconds per GiB (perf): writing and answering 0.7 to 0.9, the main threads 0.8 (0.16 of it receiving, 0.18 copying), the origin 0.5, the reader 0.3.',
  'cold-files-walk':
    'The two cores. A file costs the worker 0.7 ms of CPU time and the mount 0.2 ms (measured beside other work), then come the origin and the reader.',
  'cold-files-16':
    'The two cores, as for the walk; in random order nothing is fetched ahead, and each read waits for its own request.',
};
