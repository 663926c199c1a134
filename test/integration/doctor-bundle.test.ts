import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestLarder } from '../support/larder.ts';

const ENV_KEY = 'AKIAPLANTEDENV000001';
const ENV_SECRET = 'pLantedEnv/Secret+0123456789abcdefghijkl';
const ENV_TOKEN = 'planted-session-token-0001';
const FILE_SECRET = 'planted.file.secret';
const URL_PASSWORD = 'planted-url-password';
const URL_SIGNATURE = '5160a77ed5160a77edplantedsignature';
/** Known to nobody: only their shape tells. */
const LOG_KEY = 'ASIAPLANTEDLOG000002';
const LOG_SECRET = 'Zq8vLogPlantedSecretKey0123456789ABCDefg';
const LOG_PASSWORD = 'planted-log-password';
const LOG_BEARER = 'planted-bearer-value';
const SECRETS = [
  ENV_KEY,
  ENV_SECRET,
  encodeURIComponent(ENV_SECRET),
  ENV_TOKEN,
  FILE_SECRET,
  URL_PASSWORD,
  URL_SIGNATURE,
  LOG_KEY,
  LOG_SECRET,
  LOG_PASSWORD,
  LOG_BEARER,
];
const OBJECT_ID = '0123456789abcdef0123456789abcdef01234567';

const LOG = [
  '{"level":40,"msg":"kept line one"}',
  `{"level":40,"authorization":"AWS4-HMAC-SHA256 Credential=${LOG_KEY}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${URL_SIGNATURE}"}`,
  `{"level":40,"url":"https://b.example.com/k?X-Amz-Credential=${LOG_KEY}&X-Amz-Signature=${URL_SIGNATURE}&x=1"}`,
  `{"level":40,"msg":"odd","secretAccessKey":"${LOG_SECRET}","password":"${LOG_PASSWORD}"}`,
  `plain ${LOG_SECRET} and ${ENV_SECRET} and ${FILE_SECRET} and ${encodeURIComponent(ENV_SECRET)}`,
  `"nested":"{\\"sessionToken\\":\\"${LOG_PASSWORD}\\"}"`,
  `Authorization: Bearer ${LOG_BEARER}`,
  `https://someone:${URL_PASSWORD}@example.com/path`,
  `{"level":40,"object":"${OBJECT_ID}","msg":"kept line two"}`,
  '',
].join('\n');

let larder: TestLarder;

beforeEach(() => {
  larder = new TestLarder();
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

function plant(): Record<string, string> {
  fs.writeFileSync(path.join(larder.folder('run/mounts/0123'), 'mount.log'), LOG);
  fs.writeFileSync(path.join(larder.folder('cache/data-0123'), 'up.log'), LOG);
  const credentials = path.join(larder.directory, 'credentials');
  fs.writeFileSync(
    credentials,
    `[p]\naws_access_key_id=${LOG_KEY}\naws_secret_access_key = ${FILE_SECRET}\n`,
  );
  return {
    AWS_ACCESS_KEY_ID: ENV_KEY,
    AWS_SECRET_ACCESS_KEY: ENV_SECRET,
    AWS_SESSION_TOKEN: ENV_TOKEN,
    AWS_SHARED_CREDENTIALS_FILE: credentials,
  };
}

/** All files of an archive, by name. */
function unpack(file: string): Map<string, string> {
  const folder = larder.folder('unpacked');
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    names
      .filter((name) => fs.statSync(path.join(folder, name)).isFile())
      .map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
  );
}

test('the archive has what helps, and none of the planted secrets', async () => {
  const file = path.join(larder.directory, 'support.tar.gz');
  const origin = `s3://${ENV_KEY}:${URL_PASSWORD}@bucket/prefix?X-Amz-Signature=${URL_SIGNATURE}`;
  const endpoint = `https://someone:${URL_PASSWORD}@127.0.0.1:9/?sig=${URL_SIGNATURE}`;
  const args = ['doctor', origin, '--endpoint', endpoint, '--master', '127.0.0.1:9', '--json'];
  const { stdout, stderr } = await larder.run([...args, '--bundle', file], plant());
  const files = unpack(file);

  for (const [name, text] of [...files, ['stdout', stdout], ['stderr', stderr]] as const) {
    for (const secret of SECRETS) expect(text.includes(secret), `${secret} in ${name}`).toBe(false);
  }
  expect([...files.keys()].map((name) => path.basename(name)).sort()).toEqual(
    [
      '00-mount.log',
      '01-up.log',
      'configuration.json',
      'doctor.json',
      'kernel.txt',
      'mountinfo.txt',
      'processes.json',
      'status.json',
      'versions.json',
    ].map((name) =>
      name.startsWith('0') ? (expect.stringMatching(/^0[01]-(mount|up)\.log$/) as string) : name,
    ),
  );
  const log = [...files].find(([name]) => name.endsWith('mount.log'))?.[1] ?? '';
  expect(log).toContain('kept line one');
  expect(log).toContain(`"object":"${OBJECT_ID}","msg":"kept line two"`);
  expect(log).toContain('https://b.example.com/k?[redacted]');
  const doctor = JSON.parse(files.get('larder-support/doctor.json') ?? '') as {
    findings: unknown[];
  };
  expect(doctor.findings.length).toBeGreaterThan(10);
  expect(files.get('larder-support/status.json')).toContain('127.0.0.1:9');
  expect(files.get('larder-support/configuration.json')).toContain('"name": "readTimeout"');
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test('a well-formed origin keeps its bucket, and loses its query', async () => {
  const file = path.join(larder.directory, 'support.tar.gz');
  const origin = `s3://bucket/prefix?X-Amz-Signature=${URL_SIGNATURE}`;
  await larder.run(
    ['doctor', origin, '--endpoint', 'http://127.0.0.1:9', '--bundle', file],
    plant(),
  );
  const files = unpack(file);
  expect(files.get('larder-support/configuration.json')).toContain('s3://bucket/prefix?[redacted]');
  for (const [name, text] of files) expect(text.includes(URL_SIGNATURE), name).toBe(false);
});

test('only the last part of a long log is taken', async () => {
  const line = `${'x'.repeat(99)}\n`;
  const log = path.join(larder.folder('run/mounts/0123'), 'mount.log');
  fs.writeFileSync(log, `first\n${line.repeat(5_000)}last\n`);
  const file = path.join(larder.directory, 'support.tar.gz');
  await larder.run(['doctor', '--bundle', file]);
  const text = unpack(file).get('larder-support/logs/00-mount.log') ?? '';
  expect(text).toContain('last\n');
  expect(text).not.toContain('first');
  expect(text.length).toBeLessThanOrEqual(256 * 1024 + 200);
});

test('a file that is there is not overwritten, and one that cannot be written is said', async () => {
  const file = path.join(larder.directory, 'support.tar.gz');
  fs.writeFileSync(file, 'mine');
  const taken = await larder.run(['doctor', '--bundle', file]);
  expect(taken.stderr).toContain('ALREADY_EXISTS');
  expect(taken.code).toBe(7);
  expect(fs.readFileSync(file, 'utf8')).toBe('mine');
  const nowhere = await larder.run(['doctor', '--bundle', '/no/such/folder/x.tar.gz']);
  expect(nowhere.stderr).toContain('ENOENT');
  expect(nowhere.code).toBe(2);
});
