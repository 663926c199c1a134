/** What a failed file system call on a directory origin means for Larder. */
import { stat } from 'node:fs/promises';
import { LarderError, printableKey, systemCode } from '../../common/index.ts';

/** @param key undefined for the root */
export function directoryFailure(error: unknown, root: string, key?: Buffer): unknown {
  const code = systemCode(error);
  if (error instanceof LarderError || code === undefined) return error;
  const facts = {
    directory: root,
    ...(key === undefined ? {} : { key: printableKey(key) }),
    cause: code,
  };
  const failure = (errorCode: ConstructorParameters<typeof LarderError>[0]) =>
    new LarderError(errorCode, facts, { cause: error });
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return failure('ORIGIN_DENIED');
    case 'EISDIR':
    case 'ELOOP':
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENXIO':
      return failure(key === undefined ? 'ORIGIN_NOT_FOUND' : 'ORIGIN_CHANGED');
    case 'EMFILE':
    case 'ENFILE':
      return failure('BUSY');
    default:
      return failure('ORIGIN_UNREACHABLE');
  }
}

/** Of a read: a file that is missing because its root is (a disk that is not mounted) did not change. */
export async function readFailure(error: unknown, root: string, key: Buffer): Promise<unknown> {
  if (systemCode(error) === 'ENOENT') {
    try {
      await stat(root);
    } catch (rootError) {
      return directoryFailure(rootError, root);
    }
  }
  return directoryFailure(error, root, key);
}
