import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { MACHINE_GLOBALS, MACHINE_MEMBERS } from './rules.mjs';

/**
 * One import as it stands in a file; `runtime` unless it is erased with the types.
 * @typedef {{ specifier: string, line: number, runtime: boolean }} Import
 */
/**
 * One use of a global that reads the machine.
 * @typedef {{ what: string, line: number }} MachineUse
 */
/** @typedef {{ path: string, imports: Import[], machine: MachineUse[] }} ScannedFile */

const SOURCE = /\.(ts|mts|cts|tsx|js|mjs|cjs)$/;

/**
 * Reads every source file below the given folders of `root`.
 * @param {string} root
 * @param {readonly string[]} folders
 * @returns {ScannedFile[]}
 */
export function scanFiles(root, folders) {
  const paths = folders.flatMap((folder) => listFiles(join(root, folder))).filter((path) => SOURCE.test(path));
  const { program, checker } = bind(paths);
  return paths.map((path) => {
    const file = program.getSourceFile(path);
    // A file that cannot be read must never pass as one without imports.
    if (file === undefined) throw new Error(`cannot parse ${path}`);
    return { path: relative(root, path).split(sep).join('/'), ...scanFile(file, checker) };
  });
}

/** @param {string} folder @returns {string[]} */
function listFiles(folder) {
  /** @type {import('node:fs').Dirent[]} */
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
  return entries
    .filter((entry) => entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .flatMap((entry) => (entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

/**
 * Parses and binds the files alone, without following imports or loading libraries: then a name without a
 * symbol is a global, and one with a symbol is the file's own.
 * @param {string[]} paths
 */
function bind(paths) {
  const options = { noResolve: true, noLib: true, allowJs: true, types: [], target: ts.ScriptTarget.ES2022 };
  const program = ts.createProgram({ rootNames: paths, options: { ...options, module: ts.ModuleKind.ESNext } });
  return { program, checker: program.getTypeChecker() };
}

/**
 * @param {ts.SourceFile} file
 * @param {ts.TypeChecker} checker
 */
function scanFile(file, checker) {
  /** @type {Import[]} */
  const imports = [];
  /** @type {MachineUse[]} */
  const machine = [];
  const lineOf = (/** @type {ts.Node} */ node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const visit = (/** @type {ts.Node} */ node) => {
    const found = importOf(node);
    if (found) imports.push({ ...found, line: lineOf(node) });
    const what = machineUse(node, checker);
    if (what) machine.push({ what, line: lineOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { imports, machine };
}

/**
 * The import that this node is, in any of its six forms.
 * @param {ts.Node} node
 * @returns {Omit<Import, 'line'> | undefined}
 */
function importOf(node) {
  if (ts.isImportDeclaration(node)) return fromText(node.moduleSpecifier, !node.importClause?.isTypeOnly);
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return fromText(node.moduleSpecifier, !node.isTypeOnly);
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return fromText(node.moduleReference.expression, !node.isTypeOnly);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return fromText(node.argument.literal, false);
  if (ts.isCallExpression(node) && isImportCall(node.expression)) return fromText(node.arguments[0], true);
  return undefined;
}

/** @param {ts.Expression} callee */
function isImportCall(callee) {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  return ts.isPropertyAccessExpression(callee) && callee.getText() === 'require.resolve';
}

/**
 * @param {ts.Node | undefined} node
 * @param {boolean} runtime
 */
function fromText(node, runtime) {
  // A computed specifier names nothing to judge; bundles are judged again by what they hold.
  return node && ts.isStringLiteralLike(node) ? { specifier: node.text, runtime } : undefined;
}

/**
 * The machine global that this node reads, if any. Type positions (`typeof fetch`) read nothing.
 * @param {ts.Node} node
 * @param {ts.TypeChecker} checker
 */
function machineUse(node, checker) {
  if (ts.isIdentifier(node) && MACHINE_GLOBALS.includes(node.text)) {
    return isValueUse(node) && isGlobal(node, checker) ? node.text : undefined;
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const text = `${node.expression.text}.${node.name.text}`;
    return MACHINE_MEMBERS.includes(text) && isGlobal(node.expression, checker) ? text : undefined;
  }
  return clockCall(node, checker);
}

/**
 * `new Date()` and `Date()` read the clock; `new Date(atMs)` does not.
 * @param {ts.Node} node
 * @param {ts.TypeChecker} checker
 */
function clockCall(node, checker) {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return undefined;
  const callee = node.expression;
  if (!ts.isIdentifier(callee) || callee.text !== 'Date' || !isGlobal(callee, checker)) return undefined;
  if (ts.isCallExpression(node)) return 'Date()';
  return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
}

/** @param {ts.Identifier} node */
function isValueUse(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isTypeQueryNode(parent) || ts.isQualifiedName(parent) || ts.isTypeReferenceNode(parent)) return false;
  const isName = 'name' in parent && parent.name === node;
  const isPropertyName = 'propertyName' in parent && parent.propertyName === node;
  return !isName && !isPropertyName && !ts.isLabeledStatement(parent) && !ts.isBreakOrContinueStatement(parent);
}

/**
 * @param {ts.Identifier} node
 * @param {ts.TypeChecker} checker
 */
function isGlobal(node, checker) {
  const symbol = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node);
  return !symbol?.declarations?.length;
}
