// What Stryker leaves alone: the wording of errors. Codes and categories decide what happens and are tested; a test that
// repeats a message letter by letter proves nothing.
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/**
 * @typedef {{ readonly type: string, readonly node: any, readonly parentPath: Path | null, readonly listKey?: string, readonly key?: string | number }} Path
 */

/** Functions whose first argument is the wording. */
const WORDED = new Set(['failed', 'uncertain', 'invalid', 'rejected']);

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'error-messages', {
    shouldIgnore(path) {
      return isWording(/** @type {Path} */ (path)) ? 'the wording of an error' : undefined;
    },
  }),
];

/** @param {Path} path */
function isWording({ node, parentPath, listKey, key }) {
  if (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral') return false;
  if (listKey !== 'arguments' || !parentPath) return false;
  const { type, callee } = parentPath.node;
  if (type === 'NewExpression' && callee.name === 'DurableError') return key === 1;
  return type === 'CallExpression' && WORDED.has(callee.name) && key === 0;
}
