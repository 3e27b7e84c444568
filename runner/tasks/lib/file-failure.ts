import { NonRetryableError } from '../../task.ts';

/**
 * Describes a file error in a sentence with the name that the payload or the settings use. The system's
 * message contains the path on this machine, which clients must not see.
 *
 * @param what - the beginning of the sentence, such as ``The runner cannot read `a.csv` in the data folder``.
 * @returns an error that is retried if a later attempt may succeed. Returns `error` itself if the system did
 * not throw it.
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

/** Returns the code of an error that the system threw, such as `ENOENT`. */
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

/** Advice for errors that every attempt would repeat, by code. */
const FINAL: Readonly<Record<string, string>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: 'its file system is read-only',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: NOT_A_FOLDER,
  EISDIR: 'it is a folder; name a file',
  EEXIST: NOT_A_FOLDER,
  ELOOP: 'its links form a circle',
  ENAMETOOLONG: 'its name is too long; choose a shorter one',
  EINVAL: NAME,
  EILSEQ: NAME,
};

const LINKS = 'its file system has no hard links; set `overwrite: true`, which needs none';
const NO_LINKS: Readonly<Record<string, string>> = { EPERM: LINKS, ENOTSUP: LINKS, ENOSYS: LINKS };

/** Advice for errors after which a later attempt may succeed, by code. */
const PASSING: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: "the disk quota of the runner's user is used up; free some space",
  EMFILE: 'the runner has too many open files; raise its limit',
  ENFILE: 'the machine has too many open files',
  EBUSY: 'another program uses it',
};
