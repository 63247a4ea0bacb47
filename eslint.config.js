import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const zodRoot = {
  selector:
    'ImportDeclaration[source.value=/^zod(.(mini|v3|v4|v4.mini))?$/] > :matches(ImportSpecifier[imported.name="z"], ImportDefaultSpecifier)',
  message: "Write `import * as z from 'zod/mini'`: the named import keeps all of zod in the bundle.",
};

const strayTest = {
  selector: 'MemberExpression[object.name=/^(test|it|describe)$/][property.name=/^(only|skip|todo)$/]',
  message: 'Every test runs, always: fix it or remove it.',
};

const unsafe = ['argument', 'assignment', 'call', 'member-access', 'return'];

export default tseslint.config(
  { ignores: ['dist/', 'examples/', 'coverage/', 'node_modules/', '**/.wx-durable/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-syntax': ['error', zodRoot, strayTest],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // Under verbatimModuleSyntax `import { type A }` still runs the module it names.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An adapter may answer a promise without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      // What a factory returns has no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
    },
  },
  {
    files: ['src/**', 'cloudfunctions/**'],
    rules: {
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      // Three are the habit; a fourth needs a reason, a fifth has none.
      'max-params': ['error', { max: 4 }],
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
    },
  },
  {
    // A cloud function wires rooms together and holds no logic.
    files: ['cloudfunctions/*/index.ts'],
    rules: { 'max-lines': ['error', { max: 20 }] },
  },
  {
    files: ['test/**', 'bench/**', 'scripts/**', '*.config.*', '**/*.cjs'],
    rules: Object.fromEntries(unsafe.map((what) => [`@typescript-eslint/no-unsafe-${what}`, 'off'])),
  },
  {
    files: ['**/*.cjs', '**/*.mjs', '**/*.js'],
    languageOptions: { globals: nodeGlobals() },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);

/** What Node offers without an import; `tsc` checks the spelling of the rest. */
function nodeGlobals() {
  const names = [
    ...['console', 'process', 'Buffer', 'URL', 'URLSearchParams', 'fetch', 'structuredClone', 'AbortSignal'],
    ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'queueMicrotask', 'performance'],
    ...['require', 'module', 'exports', '__dirname', '__filename', 'globalThis'],
  ];
  return Object.fromEntries(names.map((name) => [name, /** @type {const} */ ('readonly')]));
}
