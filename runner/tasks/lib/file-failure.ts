import { NonRetryableError } from '../../task.ts';

/**
 * What went wrong with a file, as a sentence that names it as the payload or the settings do. The message of
 * the system names the path on this machine, which is nothing to report to clients.
 *
 * @param what - the subject with its verb, such as ``The runner cannot read `a.csv` in the data folder``.
 * @returns an error that is retried where a later attempt may succeed; `error` itself if the system did not
 * throw it.
 */
export function fileFailure(error: unknown, what: string): unknown {
  const code = systemCodeOf(error);
  if (code === undefined) return error;
  const advice = (isLink(error) ? NO_LINKS[code] : undefined) ?? FINAL[code];
  if (advice !== undefined) return new NonRetryableError(`${what} (${code}): ${advice}.`, { cause: error });
  return new Error(`${what} (${code}): ${PASSING[code] ?? 'check the disk of the runner'}.`, {
    cause: error,
  });
}

/** The code of an error that the system threw, such as `ENOENT`. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function isLink(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'link';
}

const PERMISSION = "give the runner's user the permission";
const NAME = 'choose another name';
const NOT_A_FOLDER = 'a part of its path is a file, not a folder; choose another path';

/** What every attempt would meet again, and what to do. */
const FINAL: Readonly<Record<string, string>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: 'its file system is read-only',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: NOT_A_FOLDER,
  EISDIR: 'it is a folder; name a file',
  EEXIST: NOT_A_FOLDER,
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long; choose a shorter one',
  EINVAL: NAME,
  EILSEQ: NAME,
};

const LINKS = 'its file system has no hard links; give `overwrite: true`, which needs none';
const NO_LINKS: Readonly<Record<string, string>> = { EPERM: LINKS, ENOTSUP: LINKS, ENOSYS: LINKS };

const PASSING: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room on it',
  EDQUOT: "the disk quota of the runner's user is used up; make room",
  EMFILE: 'the runner has too many open files; raise its limit',
  ENFILE: 'the machine has too many open files',
  EBUSY: 'another program uses it',
};
