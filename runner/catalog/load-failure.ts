import { basename } from 'node:path';

/** Node's messages for a file with imports or exports that it reads as CommonJS. */
const NOT_A_MODULE = /^(?:Cannot use import statement outside a module|Unexpected token 'export')/;
const MISSING_PACKAGE = /^Cannot find package '([^']+)'/;

/** Why a task file cannot be loaded, with advice if the project around it is the reason. */
export function loadFailure(file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(file, reason);
  return `${file} cannot be loaded: ${reason}${advice === undefined ? '' : `; ${advice}`}`;
}

function adviceFor(file: string, reason: string): string | undefined {
  if (NOT_A_MODULE.test(reason)) {
    const name = basename(file).replace(/\.([jt]s)$/, '.m$1');
    return `Node reads it as CommonJS: set "type": "module" in the package.json above it (npm pkg set type=module), or name it ${name}`;
  }
  const [, name] = MISSING_PACKAGE.exec(reason) ?? [];
  return name === undefined
    ? undefined
    : `install it in the project that the file is in: npm install ${name}`;
}
