/**
 * `npm run bench -- [peers|metadata|cluster|policy|plans|page|decisions] [options]`: which benchmark; without a word it is Larder against
 * the native file system.
 *
 * Each has its own options and `--help`.
 */
const BENCHMARKS: Readonly<Record<string, () => Promise<unknown>>> = {
  own: async () => (await import('./suite/main.ts')).main('own'),
  peers: async () => (await import('./suite/main.ts')).main('peers'),
  metadata: () => import('./metadata/main.ts'),
  cluster: () => import('./cluster-suite/main.ts'),
  decisions: () => import('./decisions/main.ts'),
  policy: () => import('./policy-suite/main.ts'),
  plans: () => import('./policy-suite/plans-main.ts'),
  page: () => import('./page/main.ts'),
};

const [word = ''] = process.argv.slice(2);
if (word === '' || word.startsWith('-')) {
  await BENCHMARKS['own']?.();
} else {
  const load = BENCHMARKS[word];
  if (load === undefined) {
    console.error(
      `there is no benchmark ${word}; there are: ${Object.keys(BENCHMARKS).join(', ')}`,
    );
    process.exitCode = 1;
  } else {
    process.argv.splice(2, 1);
    await load();
  }
}
