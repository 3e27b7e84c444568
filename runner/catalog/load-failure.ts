import { existsSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Node's messages for a file with imports or exports that it reads as CommonJS. */
const NOT_A_MODULE = /^(?:Cannot use import statement outside a module|Unexpected token 'export')/;
const MISSING_PACKAGE = /^Cannot find package '([^']+)'/;
const MISSING_FILE = /^(?:Cannot find module|Directory import) '([^']+)' .*imported from (.+)$/s;
/** The first line of a syntax error's stack: its URL or its path, and its line. */
const PLACE = /^((?:file:\/\/|\/).+):(\d+)\n/;
const NOT_ERASABLE = /^TypeScript (.+) is not supported in strip-only mode/;

/** Why a task file cannot be loaded, with advice if the project around it is the reason. */
export function loadFailure(file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(file, reason);
  return `${file} cannot be loaded: ${reason}${placeOf(file, error)}${advice === undefined ? '' : `; ${advice}`}`;
}

function adviceFor(file: string, reason: string): string | undefined {
  if (NOT_A_MODULE.test(reason)) {
    const name = basename(file).replace(/\.([jt]s)$/, '.m$1');
    return `Node reads it as CommonJS: set "type": "module" in the package.json above it (npm pkg set type=module), or name it ${name}`;
  }
  const [, name] = MISSING_PACKAGE.exec(reason) ?? [];
  if (name !== undefined) return `install it in the project that the file is in: npm install ${name}`;
  const [, missing, importer] = MISSING_FILE.exec(reason) ?? [];
  if (missing !== undefined && importer !== undefined) return adviceForImport(missing, importer);
  const [, syntax] = NOT_ERASABLE.exec(reason) ?? [];
  if (syntax === undefined) return undefined;
  return syntax === 'enum'
    ? 'Node only removes types: use a union of strings or a constant object instead of an enum'
    : 'Node only removes types: write this part in JavaScript. With "erasableSyntaxOnly": true in tsconfig.json your editor shows such places';
}

/** The files that an import without the right extension most likely means. */
function adviceForImport(missing: string, importer: string): string | undefined {
  const meant = [
    missing.replace(/\.([mc]?)jsx?$/, '.$1ts'),
    ...['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js'].map((end) => `${missing}${end}`),
  ].find((path) => path !== missing && existsSync(path));
  if (meant === undefined) return undefined;
  const path = relative(dirname(importer), meant).split(sep).join('/');
  return `import '${path.startsWith('.') ? path : `./${path}`}', because Node takes the name of a file as it is`;
}

/** Where a syntax error is; an empty text if Node does not give it. */
function placeOf(file: string, error: unknown): string {
  if (!(error instanceof SyntaxError)) return '';
  const [, place, line] = PLACE.exec(error.stack ?? '') ?? [];
  if (place === undefined) return '';
  const path = place.startsWith('file:') ? fileURLToPath(place) : place;
  return path === file ? ` (line ${line})` : ` (${path}, line ${line})`;
}
