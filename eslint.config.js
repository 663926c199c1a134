/**
 * What the compiler does not see. Three kinds of rule: floating promises and their kin (the typical
 * defect of asynchronous code), the house rules on size and shape (CONTRIBUTING.md), and the one
 * home of each side effect: time and chance, the environment, the terminal.
 *
 * Which folder may import which is in .dependency-cruiser.cjs.
 */
import tseslint from 'typescript-eslint';

/** Side effects, and the one file of the product that may use each. Tests, bench and .ci are free. */
const homes = [
  {
    file: 'common/clock.ts',
    globals: ['setTimeout', 'setInterval', 'performance'],
    properties: [
      ['Date', 'now'],
      ['Math', 'random'],
      ['performance', 'now'],
      ['process', 'hrtime'],
      ['globalThis', 'setTimeout'],
      ['globalThis', 'setInterval'],
    ],
    modules: [
      'node:timers',
      'node:timers/promises',
      'timers',
      'timers/promises',
      'node:perf_hooks',
    ],
    advice: 'Take a Clock or a Random from common/clock.ts as an option.',
  },
  {
    file: 'cli/environment.ts',
    globals: [],
    properties: [['process', 'env']],
    modules: [],
    advice: 'Only cli/environment.ts reads the environment; pass the value as an option.',
  },
  {
    file: 'cli/output.ts',
    globals: ['console'],
    properties: [
      ['process', 'stdout'],
      ['process', 'stderr'],
    ],
    modules: ['node:console'],
    advice: 'Only cli/output.ts writes to the terminal; elsewhere take a Logger.',
  },
];

const shape = [
  { selector: 'ExportAllDeclaration', message: 'List the exported names one by one.' },
  {
    selector: ':matches(PropertyDefinition, MethodDefinition)[accessibility]',
    message: 'Use #private; public needs no word.',
  },
];
const namedExports = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  { selector: "ExportSpecifier[exported.name='default']", message: 'Export by name.' },
];
const wallClock = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'Take a Clock from common/clock.ts as an option.',
};

function restrictions(allowed) {
  const kept = homes.filter((home) => !allowed.includes(home.file));
  const syntax = allowed.includes('common/clock.ts') ? [] : [wallClock];
  const listed = (entries) => (entries.length === 0 ? 'off' : ['error', ...entries]);
  return {
    'no-restricted-globals': listed(
      kept.flatMap(({ globals, advice }) => globals.map((name) => ({ name, message: advice }))),
    ),
    'no-restricted-properties': listed(
      kept.flatMap(({ properties, advice }) =>
        properties.map(([object, property]) => ({ object, property, message: advice })),
      ),
    ),
    'no-restricted-imports': listed(
      kept.flatMap(({ modules, advice }) => modules.map((name) => ({ name, message: advice }))),
    ),
    'no-restricted-syntax': listed([...shape, ...namedExports, ...syntax]),
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'docs/api/', 'proto/generated/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '*.cjs', 'vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70 }],
      // The core rules that neither the compiler nor typescript-eslint covers.
      'no-async-promise-executor': 'error',
      'no-compare-neg-zero': 'error',
      'no-cond-assign': 'error',
      'no-control-regex': 'error',
      'no-debugger': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-irregular-whitespace': 'error',
      'no-loss-of-precision': 'error',
      'no-misleading-character-class': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-sparse-arrays': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'require-yield': 'error',
      eqeqeq: 'error',
      'no-implicit-coercion': 'error',
      'object-shorthand': 'error',
      'prefer-template': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Many methods are async because their interface is; async turns a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      // An empty method is a no-op that an interface asked for.
      '@typescript-eslint/no-empty-function': 'off',
      ...restrictions([]),
    },
  },
  ...homes.map(({ file }) => ({ files: [file], rules: restrictions([file]) })),
  {
    files: ['test/**', 'bench/**', '.ci/**', 'tools/**'],
    rules: restrictions(homes.map(({ file }) => file)),
  },
  {
    files: ['test/**'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['*.config.js', '*.config.ts', '*.cjs'],
    rules: { 'no-restricted-syntax': 'off', 'max-lines-per-function': 'off' },
  },
  { files: ['**/*.js', '**/*.cjs', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    languageOptions: { globals: { module: 'writable', process: 'readonly', console: 'readonly' } },
  },
);
