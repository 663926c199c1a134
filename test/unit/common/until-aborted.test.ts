import { expect, test } from 'vitest';
import { LarderError, untilAborted } from '../../../common/index.ts';

test('a promise that rejects after the signal has fired is nobody’s unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const controller = new AbortController();
  controller.abort(new LarderError('CANCELLED', { by: 'the caller' }));
  let reject: (error: Error) => void = () => undefined;
  const pending = new Promise<never>((_, onReject) => (reject = onReject));
  await expect(untilAborted(pending, controller.signal)).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  reject(new Error('later'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
