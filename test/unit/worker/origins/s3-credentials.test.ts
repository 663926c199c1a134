import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../../common/index.ts';
import { CredentialSource, type S3Credentials } from '../../../../worker/origins/s3-credentials.ts';

const keys = (accessKeyId: string, expiration?: Date): S3Credentials => ({
  accessKeyId,
  secretAccessKey: 'secret',
  ...(expiration === undefined ? {} : { expiration }),
});

function world() {
  const state = { nowMs: 1_000_000, lookups: [] as boolean[], answer: keys('first') };
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => state.nowMs,
    wallMs: () => state.nowMs,
    sleep: () => Promise.resolve(),
  };
  const source = new CredentialSource('file:x', clock, async ({ fresh }) => {
    state.lookups.push(fresh);
    return state.answer;
  });
  return { state, source, clock };
}

describe('CredentialSource', () => {
  it('looks up once for all who ask at the same time, and then not again', async () => {
    const { state, source } = world();
    const found = await Promise.all([source.get(), source.get(), source.get()]);
    expect(found.map((one) => one?.accessKeyId)).toEqual(['first', 'first', 'first']);
    expect(source.get()).toBe(found[0]);
    expect(state.lookups).toEqual([false]);
  });

  it('looks up again before they expire', async () => {
    const { state, source } = world();
    state.answer = keys('first', new Date(state.nowMs + 3_600_000));
    const first = await source.get();
    state.nowMs += 3_600_000 - 200_000;
    state.answer = keys('second', new Date(state.nowMs + 3_600_000));
    expect((await source.get())?.accessKeyId).toBe('second');
    expect(first?.accessKeyId).toBe('first');
    expect(state.lookups).toEqual([false, true]);
  });

  it('keeps what has not expired while no others can be found, and fails from then on', async () => {
    const { clock, state } = world();
    const expiration = new Date(state.nowMs + 120_000);
    let broken = false;
    const source = new CredentialSource('', clock, async () => {
      if (broken) throw new Error('the service is away');
      return keys('first', expiration);
    });
    const first = await source.get();
    broken = true;
    state.nowMs += 60_000;
    expect(await source.get()).toBe(first);
    state.nowMs += 60_001;
    await expect(source.get()).rejects.toMatchObject({ code: 'ORIGIN_CREDENTIALS' });
    broken = false;
    state.nowMs += 1_000;
    expect(await source.get()).toEqual(first);
  });

  it('replaces refused ones once for all, and tells whether there are others', async () => {
    const { state, source } = world();
    const used = await source.get();
    state.nowMs += 10_000;
    state.answer = keys('second');
    expect(await Promise.all([source.replace(used), source.replace(used)])).toEqual([true, true]);
    expect(await source.replace(used)).toBe(true);
    expect(state.lookups).toEqual([false, true]);
    state.nowMs += 10_000;
    expect(await source.replace(await source.get())).toBe(false);
    expect(await source.replace(await source.get())).toBe(false);
    expect(state.lookups).toEqual([false, true, true]);
  });

  it('says which reference failed, and asks again next time', async () => {
    const { clock } = world();
    let broken = true;
    const source = new CredentialSource('profile:train', clock, async () => {
      if (broken) throw new Error('no such profile');
      return keys('found');
    });
    await expect(source.get()).rejects.toMatchObject({
      code: 'ORIGIN_CREDENTIALS',
      facts: { credentials: 'profile:train', reason: 'no such profile' },
    });
    broken = false;
    expect((await source.get())?.accessKeyId).toBe('found');
  });

  it('does not sign for anonymous', () => {
    expect(new CredentialSource('anonymous', world().clock).get()).toBeUndefined();
  });
});
