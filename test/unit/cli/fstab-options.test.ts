import { describe, expect, test } from 'vitest';
import { parseMountCall } from '../../../cli/fstab-options.ts';

const KNOWN = new Map([
  ['master', undefined],
  ['worker-socket', undefined],
  ['open-mode', ['auto', 'daemon']],
]);
const parse = (...args: string[]) => parseMountCall(args, KNOWN);
const withOptions = (options: string) => parse('name', '/mnt', '-o', options);

describe('the arguments of mount.larder', () => {
  test('as mount(8) gives them', () => {
    expect(parse('name@v3', '/mnt', '-v', '-n', '-o', 'rw,master=h:1')).toEqual({
      reference: 'name@v3',
      mountpoint: '/mnt',
      options: { master: 'h:1' },
      writable: true,
      noexec: false,
      fake: false,
      verbose: true,
    });
  });

  test('several letters in a word, options before the names, and more than one -o', () => {
    const call = parse('-fv', '-o', 'ro', 'name', '-t', 'larder', '/mnt', '-o', 'master=h:1');
    expect(call).toMatchObject({ fake: true, verbose: true, options: { master: 'h:1' } });
  });

  test('the source as the mount table shows it', () => {
    expect(parse('larder:name@v3', '/mnt').reference).toBe('name@v3');
  });

  test.each([[[]], [['name']], [['name', '/mnt', 'more']], [['name', '/mnt', '-o']]])(
    '%j is wrong use',
    (args) => {
      expect(() => parse(...args)).toThrow('INVALID_ARGUMENT');
    },
  );

  test('an unknown letter is named', () => {
    expect(() => parse('name', '/mnt', '-N', '/proc/1/ns/mnt')).toThrow('option=-N');
  });
});

describe('options', () => {
  test('of mount(8), fstab and systemd are accepted', () => {
    const standard =
      'defaults,ro,nofail,_netdev,noauto,user,users,exec,nosuid,nodev,noatime,allow_other,' +
      'user=alice,comment=x,x-systemd.automount,x-systemd.requires=a.service,X-mount.mkdir=0755';
    expect(withOptions(standard)).toMatchObject({ options: {}, writable: false });
  });

  test('of Larder are handed on, what follows the first = with them', () => {
    const { options } = withOptions('worker-socket=/run/a=b.sock,open-mode=daemon');
    expect(options).toEqual({ 'worker-socket': '/run/a=b.sock', 'open-mode': 'daemon' });
  });

  test('noexec is told, the last of it and exec counts', () => {
    expect(withOptions('exec,noexec').noexec).toBe(true);
    expect(withOptions('noexec,exec').noexec).toBe(false);
  });

  test('the last of rw and ro counts', () => {
    expect(withOptions('rw').writable).toBe(true);
    expect(withOptions('rw,ro').writable).toBe(false);
  });

  test('empty ones are nothing', () => {
    expect(withOptions('ro,,').options).toEqual({});
  });

  test.each(['bogus', 'bogus=1', 'suid', 'dev', 'remount', 'bind'])(
    '%s would not do what it says, and is refused by name',
    (option) => {
      expect(() => withOptions(`ro,${option}`)).toThrow(`option=${option}`);
    },
  );

  test.each(['open-mode=odd', 'master', 'master='])('%s has no valid value', (option) => {
    expect(() => withOptions(option)).toThrow(`option=${option}`);
  });

  test('-s lets unknown ones pass, as mount(8) says', () => {
    const call = parse('name', '/mnt', '-s', '-o', 'bogus,master=h:1');
    expect(call.options).toEqual({ master: 'h:1' });
  });
});
