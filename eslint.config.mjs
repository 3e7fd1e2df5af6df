import tseslint from 'typescript-eslint';

/** Typed rules for the library and its tests; the set-up's plain JavaScript gets the untyped ones. Zero warnings is the rule. */
export default tseslint.config(
  { ignores: ['**/node_modules', 'lib/dist', '**/.venv', 'data', 'reports', 'notebooks'] },
  {
    files: ['lib/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './lib/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is a Key (runtime/key.ts).' },
        { object: 'Date', property: 'now', message: 'The clock is runtime/clock.ts.' },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowArray: true }],
      // A sparse index is checked at the door (shapes), not at every read.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      // Optional native modules and tslab's inner module are found at run time.
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
  { files: ['lib/runtime/**/*.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    // The messages that tfjs-node ships are generated JavaScript without types: this one file meets them.
    files: ['lib/graph/proto.ts'],
    rules: Object.fromEntries(
      ['assignment', 'call', 'member-access', 'argument', 'return'].map((name) => [
        `@typescript-eslint/no-unsafe-${name}`,
        'off',
      ]),
    ),
  },
  {
    // node:test's test() returns a promise that the runner waits for.
    files: ['lib/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
              package: 'node:test',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.{mjs,cjs}', 'vendor/**/*.js'],
    extends: [tseslint.configs.base],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'off',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
);
