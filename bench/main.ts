/**
 * `npm run bench -- [versus|metadata] [options]`: which benchmark; without a word it is `versus`.
 *
 * Each has its own options and `--help`.
 */
const BENCHMARKS: Readonly<Record<string, () => Promise<unknown>>> = {
  versus: () => import('./versus/main.ts'),
  metadata: () => import('./metadata/main.ts'),
};

const [word = ''] = process.argv.slice(2);
if (word === '' || word.startsWith('-')) {
  await BENCHMARKS['versus']?.();
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
