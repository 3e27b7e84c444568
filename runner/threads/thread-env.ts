/** The variable with the runner's token, which no task may get. */
export const TOKEN_VARIABLE = 'RUNNER_TOKEN';

/** Variables that describe the machine and the user's session, and variables that Node reads at thread start. */
const HARMLESS = new Set(
  [
    ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'HOSTNAME', 'TERM', 'TMPDIR', 'TMP', 'TEMP', 'TZ'],
    ['LANG', 'LANGUAGE', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'XDG_CACHE_HOME'],
    ['NODE_ENV', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE'],
    ['SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'PATHEXT', 'USERNAME', 'USERPROFILE', 'APPDATA'],
    ['LOCALAPPDATA', 'PROGRAMDATA', 'PROGRAMFILES', 'NUMBER_OF_PROCESSORS', 'PROCESSOR_ARCHITECTURE', 'OS'],
  ].flat(),
);
const LOCALE = /^LC_[A-Z]+$/;

/**
 * The environment of a thread at its start: harmless variables only, and the flags for Node, which
 * {@link forgetNodeFlags} removes before a task runs. The case of names does not matter, as on Windows.
 */
export function threadEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => {
      const upper = name.toUpperCase();
      return HARMLESS.has(upper) || LOCALE.test(upper) || name === NODE_FLAGS;
    }),
  );
}

/** A thread needs the flags to start, since an `--import` may load the task files. They may contain secrets. */
const NODE_FLAGS = 'NODE_OPTIONS';

/** Removes Node's flags from the environment of the thread that calls it. */
export function forgetNodeFlags(): void {
  delete process.env[NODE_FLAGS];
}

/** The variables that a task's type names, as its jobs contain them. Unset variables are omitted. */
export function taskEnv(
  env: NodeJS.ProcessEnv,
  names: readonly string[] = [],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    }),
  );
}

/** Whether a name is that of the runner's token; on Windows its case does not matter. */
export function isTokenVariable(name: string): boolean {
  return name.toUpperCase() === TOKEN_VARIABLE;
}
