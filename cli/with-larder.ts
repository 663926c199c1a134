/** A command that asks a master, and ends. */
import { connect } from '../sdk/index.ts';
import type { Larder } from '../sdk/index.ts';
import { createContext } from './context.ts';
import type { Context } from './context.ts';
import { isSet, masterAddress } from './flags.ts';
import type { Flags } from './flags.ts';

/** @returns the exit code of `action` */
export async function withLarder(
  flags: Flags,
  action: (larder: Larder, context: Context) => Promise<number>,
): Promise<number> {
  const context = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const master = masterAddress(flags, context.environment);
  await using larder = connect({ master, client: 'cli' });
  return await action(larder, context);
}
