/**
 * The layers of Larder as data (docs/ARCHITECTURE.md draws the same picture). Arrows point down;
 * master, worker and sdk are siblings that never import each other.
 *
 * A new folder is added to LAYERS, with the folders that it may import.
 */
const LAYERS = {
  common: [],
  proto: ['common'],
  rpc: ['proto', 'common'],
  master: ['rpc', 'proto', 'common'],
  worker: ['rpc', 'proto', 'common'],
  sdk: ['rpc', 'proto', 'common'],
  'fuse-client': ['sdk', 'rpc', 'proto', 'common'],
  http: ['master', 'sdk', 'rpc', 'proto', 'common'],
  cli: ['http', 'fuse-client', 'master', 'worker', 'sdk', 'rpc', 'proto', 'common'],
};
const PRODUCT = Object.keys(LAYERS);
/** Folders where every file may be imported, because a generator decides their names. */
const WITHOUT_DOOR = ['proto'];

const inside = (folders) => `^(${folders.join('|')})/`;

/** One rule per layer: it imports itself and the folders listed, and no other folder. */
const layerRules = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `layer-${layer}`,
  comment: `${layer} may import ${below.length === 0 ? 'no other folder' : below.join(', ')}.`,
  severity: 'error',
  from: { path: inside([layer]) },
  to: { path: inside([...PRODUCT, 'test', 'bench']), pathNot: inside([layer, ...below]) },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'doors',
      comment:
        'From outside, a folder is entered through its index.ts, or that of a folder inside it.',
      severity: 'error',
      from: { path: `^(${PRODUCT.join('|')})/` },
      to: { path: inside(PRODUCT), pathNot: ['^$1/', '/index\\.ts$', inside(WITHOUT_DOOR)] },
    },
    {
      name: 'cores-without-io',
      comment: 'What decides, or is shared by all, is free of files, sockets and processes.',
      severity: 'error',
      from: { path: '^(common|worker/admission|worker/transit)/' },
      to: {
        path: '^(node:)?(fs|net|http|http2|https|tls|dgram|dns|child_process|worker_threads)(/|$)',
        dependencyTypes: ['core'],
      },
    },
    {
      name: 'policy-decides-and-the-store-does',
      severity: 'error',
      from: { path: '^worker/admission/' },
      to: { path: '^worker/', pathNot: '^worker/admission/' },
    },
    {
      name: 'kernel-structs-know-no-files',
      comment: 'The FUSE protocol is bytes; what they mean for a version is in operations.ts.',
      severity: 'error',
      from: { path: '^fuse-client/(abi|decode|encode)\\.ts$' },
      to: { path: '^(fuse-client|sdk)/', pathNot: '^fuse-client/(abi|decode|encode)\\.ts$' },
    },
    {
      name: 'nothing-imports-tests',
      comment:
        'test and bench see everything; nothing imports them, and bench does not import test, but for the ' +
        'clusters of hosts: what the tests break is what the benchmark measures.',
      severity: 'error',
      from: { pathNot: inside(['test', 'bench/cluster-suite', 'bench/policy-suite']) },
      to: { path: inside(['test']) },
    },
    {
      name: 'the-cluster-benchmarks-import-hosts-alone',
      severity: 'error',
      from: { path: inside(['bench/cluster-suite', 'bench/policy-suite']) },
      to: { path: inside(['test']), pathNot: '^test/support/hosts(/|\\.ts$)' },
    },
    {
      name: 'nothing-imports-bench',
      severity: 'error',
      from: { pathNot: inside(['test', 'bench']) },
      to: { path: inside(['bench']) },
    },
    {
      name: 'no-cycles',
      comment: 'Types too: two files that need each other are one, or need a third.',
      severity: 'error',
      from: { pathNot: inside(['proto/generated']) },
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-tools-in-the-product',
      comment: 'What the product imports is installed with it.',
      severity: 'error',
      from: { path: inside(PRODUCT) },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
