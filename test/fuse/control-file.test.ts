/** `.larder` in a mount: a plan is written, and what became of it read, by Python with nothing but its own library. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, TestLarder } from '../support/larder.ts';

const execute = promisify(execFile);
const FILES = 120;

/** Tells a plan, reads as it says, and waits until the workers follow. */
const JOB = `
import json, os, sys, time
mount = sys.argv[1]
names = sorted(name for name in os.listdir(mount))
order = list(range(len(names)))[::-1]
with open(mount + '/.larder/plan', 'w') as file:
    json.dump({'sampler': 'list', 'order': order, 'job': 'from python', 'epochs': 2}, file)

def status():
    with open(mount + '/.larder/status.json') as file:
        return json.load(file)

assert status()['written'] == {'state': 'told', 'job': 'from python'}, status()
def worker():
    plan = [it for it in status()['plans'] if it['job'] == 'from python'][0]
    return plan['workers'][0] if plan['workers'] else {'state': 'none'}

until = time.monotonic() + 30
while worker()['state'] in ('none', 'preparing') and time.monotonic() < until: time.sleep(0.1)
for index in order:
    with open(os.path.join(mount, names[index]), 'rb') as file: file.read()
    time.sleep(0.01)
while worker()['state'] == 'waiting' and time.monotonic() < until: time.sleep(0.1)
print(json.dumps({'names': names, 'worker': worker()}))
`;

/** Prints the errno with which each attempt fails. */
const ATTEMPTS = `
import errno, json, os, sys
mount = sys.argv[1]
plan = mount + '/.larder/plan'
def write(text, mode='w', file=plan):
    with open(file, mode) as out: out.write(text)
def gap():
    fd = os.open(plan, os.O_WRONLY)
    try:
        os.pwrite(fd, b'{"sampler": "sequential", "job": "other, with a gap"}', 0)
        os.pwrite(fd, b' ', 100)
    finally: os.close(fd)
attempts = {
    'nonsense': lambda: write('{"sampler": '),
    'unknown sampler': lambda: write('{"sampler": "dali"}'),
    'another version': lambda: write('{"sampler": "sequential", "version": 77}'),
    'another dataset': lambda: write('{"sampler": "sequential", "dataset": "other"}'),
    'too large': lambda: write('[' + '1,' * 50_000_000 + '1]'),
    'status': lambda: write('{}', file=mount + '/.larder/status.json'),
    'new file': lambda: write('{}', file=mount + '/.larder/new'),
    'new directory': lambda: os.mkdir(mount + '/.larder/new'),
    'removed': lambda: os.unlink(plan),
    'renamed': lambda: os.rename(plan, mount + '/plan'),
    'mode': lambda: os.chmod(plan, 0o777),
    'linked': lambda: os.link(plan, mount + '/.larder/other'),
    'elsewhere': lambda: write('x', file=mount + '/new'),
    'nothing': lambda: write(''),
    'a gap': gap,
}
errors = {}
for name, attempt in attempts.items():
    try: attempt()
    except OSError as error: errors[name] = errno.errorcode[error.errno]
    else: errors[name] = 'none'
    if name == 'unknown sampler': reason = json.load(open(mount + '/.larder/status.json'))['written']
print(json.dumps({'errors': errors, 'reason': reason}))
`;

describe('.larder in a mount', () => {
  let larder: TestLarder;
  let origin: string;
  let mountpoint: string;

  beforeAll(async () => {
    larder = new TestLarder();
    origin = larder.folder('origin');
    for (let i = 0; i < FILES; i += 1) {
      fs.writeFileSync(path.join(origin, `f${String(i).padStart(3, '0')}`), `file ${String(i)}`);
    }
    // Larder's own: left out of the version, so that the mount's is not hidden by it.
    fs.mkdirSync(path.join(origin, '.larder'));
    fs.writeFileSync(path.join(origin, '.larder', 'plan'), 'of the origin');
    mountpoint = await larder.up(`file://${origin}`, '--open-mode', 'passthrough');
  });
  afterAll(async () => {
    await larder[Symbol.asyncDispose]();
  });

  const python = async (script: string): Promise<unknown> => {
    const command = ['-k', '1', '90', 'python3', '-c', script, mountpoint];
    const { stdout } = await execute('timeout', command);
    return JSON.parse(stdout);
  };

  test('a Python job tells its plan by a file, and reads whether it is followed', async () => {
    const { names, worker } = (await python(JOB)) as {
      names: string[];
      worker: { state: string; samples: number };
    };
    expect(names).toHaveLength(FILES);
    expect(names).not.toContain('.larder');
    expect(worker).toMatchObject({ state: 'followed', samples: FILES });
    const plans = JSON.parse(await larder.ok(['plans', 'list', '--json'])) as {
      plans: { job: string; sampler: string }[];
    };
    expect(plans.plans).toMatchObject([{ job: 'from python', sampler: 'list' }]);
  });

  test('what is wrong fails the close with its reason, and nothing else can be written', async () => {
    const { errors, reason } = (await python(ATTEMPTS)) as {
      errors: Record<string, string>;
      reason: { state: string; code: string; reason: string };
    };
    expect(errors).toEqual({
      ...{ nonsense: 'EINVAL', 'unknown sampler': 'EINVAL', 'another version': 'EINVAL' },
      ...{ 'another dataset': 'EINVAL', 'too large': 'EFBIG', nothing: 'none', 'a gap': 'EINVAL' },
      ...{ status: 'EROFS', 'new file': 'EROFS', 'new directory': 'EROFS', removed: 'EROFS' },
      ...{ renamed: 'EROFS', mode: 'EROFS', linked: 'EROFS', elsewhere: 'EROFS' },
    });
    expect(reason).toMatchObject({ state: 'refused', code: 'INVALID_ARGUMENT' });
    expect(reason.reason).toMatch(/sampler.*torch-distributed/);
    const plans = await larder.ok(['plans', 'list', '--json']);
    expect(plans).not.toMatch(/dali|other/);
  });

  test('it is found by its name and listed nowhere; its own names are listed', async () => {
    const { stdout } = await execute('timeout', ['30', 'find', mountpoint, '-name', '*larder*']);
    expect(stdout).toBe('');
    const own = await execute('timeout', ['30', 'ls', '-a', `${mountpoint}/.larder`]);
    expect(
      own.stdout
        .split('\n')
        .filter((name) => !/^\.*$/.test(name))
        .sort(),
    ).toEqual(['plan', 'status.json']);
    // Where the kernel opens files without asking nobody could say when one is closed.
    const unasked = await larder.up(`file://${origin}`, '--open-mode', 'none');
    for (const missing of [`${mountpoint}/.larder/no`, `${unasked}/.larder/plan`]) {
      const cat = execute('timeout', ['30', 'cat', missing]);
      await expect(cat).rejects.toThrow(/No such file/);
    }
    await larder.down(unasked);
    // A status is of the moment at which it is opened.
    const read = async () =>
      JSON.parse(
        (await execute('timeout', ['30', 'cat', `${mountpoint}/.larder/status.json`])).stdout,
      ) as {
        plans: object[];
      };
    await larder.ok(['plans', 'end', 'from python']);
    await eventually(async () => ((await read()).plans.length === 0 ? true : undefined));
  });
});
