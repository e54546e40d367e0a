// Flat configuration of ESLint 10. A rule that forbids something says why.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Syntax that the whole code base does without. */
const FORBIDDEN_SYNTAX = [
  { selector: 'ExportDefaultDeclaration', message: 'no default exports: a name is the same everywhere' },
  { selector: 'TSEnumDeclaration', message: 'no enums: a union of string literals is plain data' },
  { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'no namespaces: a file is the namespace' },
  // node:fs closes what a worker has opened by it when that ends, whoever has the number by then.
  ...['ImportSpecifier[imported.name=/^(closeFd|ownFd)$/]', 'MemberExpression[property.name="closeFd"]'].map(
    (closing) => ({
      selector: `Program:has(ImportSpecifier[imported.name="openSync"]) ${closing}`,
      message: 'what node:fs opens is for node:fs to close',
    }),
  ),
];

/** A forgotten `if` around requires() would run the test on a machine that lacks what it needs. */
const REQUIRES_IS_A_CONDITION = {
  selector: 'ExpressionStatement > CallExpression[callee.name="requires"]',
  message: 'write: if (!requires(t, ...)) return;',
};

/** Globals of Node that plain scripts use; TypeScript knows its own. */
const NODE_GLOBALS = Object.fromEntries(
  [
    'process',
    'console',
    'Buffer',
    'URL',
    'setTimeout',
    'clearTimeout',
    'setImmediate',
    'setInterval',
    'clearInterval',
    'AbortController',
    'AbortSignal',
    'performance',
    'fetch',
    'structuredClone',
    'TextDecoder',
    'TextEncoder',
  ].map((name) => [name, 'readonly']),
);

export default tseslint.config(
  { ignores: ['build/', 'dist/', 'out/', 'prebuilds/', '.cache/', 'node_modules/', '**/*.gen.*', 'test/fixtures/'] },
  js.configs.recommended,
  {
    rules: {
      complexity: ['error', 20], // a function with more branches is two functions
      'max-params': ['error', 4], // more than that is an options object
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error', // library code returns or throws; only cli/ writes
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX],
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }], // finish it, or write an issue
      'no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error', // `unknown` and narrowing
      '@typescript-eslint/no-floating-promises': 'error', // an unawaited failure is lost
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error', // say why it is there, or check
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-redundant-type-constituents': 'off', // `Signal | string` tells the reader what is usual
      '@typescript-eslint/require-await': 'off', // an async function may have nothing to wait for and still be one
      'no-unused-vars': 'off',
      'no-undef': 'off', // the compiler's work
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/cli/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX, REQUIRES_IS_A_CONDITION],
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off', // a test that finds nothing there fails, as it should
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', 'bin/*'],
    languageOptions: { globals: NODE_GLOBALS },
    rules: { 'no-console': 'off' }, // scripts talk to people
  },
  {
    files: ['**/*.cjs', 'bin/*'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { ...NODE_GLOBALS, require: 'readonly', module: 'writable', __dirname: 'readonly' },
    },
    rules: { 'no-redeclare': ['error', { builtinGlobals: false }] },
  },
  {
    files: ['eslint.config.mjs', '*.config.mjs'],
    rules: { 'no-restricted-syntax': 'off' }, // the tool asks for a default export
  },
);
