/**
 * The arguments of mount.larder, as mount(8) gives them: `SPEC DIR [-sfnv] [-o OPTION,...]`.
 *
 * Always true: an option that would not do what it says is refused by its name. Those that only
 * concern mount(8), fstab and systemd are accepted, and so are those that every mount of Larder has
 * anyway (`ro`, `nosuid`, `nodev`, `allow_other`, ...).
 */
import { LarderError } from '../common/index.ts';

export interface MountCall {
  /** NAME or NAME@vN. */
  readonly reference: string;
  readonly mountpoint: string;
  /** As `larder mount` has them, by their long names: `master`, `worker-socket`, ... */
  readonly options: Readonly<Record<string, string>>;
  /** `rw` was asked for (mount(8) also says it where nothing was). */
  readonly writable: boolean;
  /** No program is to be run from it; `user` in fstab implies that. */
  readonly noexec: boolean;
  /** Check, and mount nothing. */
  readonly fake: boolean;
  readonly verbose: boolean;
}

/** Handled apart, read by mount(8), fstab(5) or systemd, or true of every mount of Larder. */
const STANDARD = new Set([
  ...[
    'ro',
    'rw',
    'exec',
    'noexec',
    'defaults',
    'auto',
    'noauto',
    'nofail',
    '_netdev',
    '_rnetdev',
    'loud',
    'silent',
  ],
  ...['user', 'nouser', 'users', 'owner', 'group', 'comment', 'uhelper', 'helper'],
  ...['nosuid', 'nodev', 'async', 'allow_other', 'default_permissions'],
  ...['atime', 'noatime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime'],
  ...['diratime', 'nodiratime', 'lazytime', 'nolazytime', 'iversion', 'noiversion'],
]);

const USAGE = 'mount.larder NAME[@vN] DIR [-sfnv] [-o OPTION,...]';

/** The options of `larder mount` that take a value; with the values where only some are allowed. */
export type KnownOptions = ReadonlyMap<string, readonly string[] | undefined>;

/** @throws {LarderError} `INVALID_ARGUMENT`, naming the argument or option that is wrong */
export function parseMountCall(args: readonly string[], known: KnownOptions): MountCall {
  const positional: string[] = [];
  const optionTexts: string[] = [];
  const letters = new Set<string>();
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('-') || word === '-') {
      positional.push(word);
    } else if (word === '-o' || word === '-t') {
      const value = rest.shift();
      if (value === undefined) throw wrong({ option: word, expected: 'a value' });
      if (word === '-o') optionTexts.push(value);
    } else if (/^-[sfnv]+$/.test(word)) {
      for (const letter of word.slice(1)) letters.add(letter);
    } else {
      throw wrong({ option: word, expected: USAGE });
    }
  }
  const [spec, mountpoint, ...more] = positional;
  if (spec === undefined || mountpoint === undefined || more.length > 0) {
    throw wrong({ arguments: args.join(' '), expected: USAGE });
  }
  return {
    // As `mount` and /proc/mounts show it.
    reference: spec.replace(/^larder:/, ''),
    mountpoint,
    ...parseOptions(optionTexts.join(','), known, letters.has('s')),
    fake: letters.has('f'),
    verbose: letters.has('v'),
  };
}

function parseOptions(
  text: string,
  known: KnownOptions,
  sloppy: boolean,
): Pick<MountCall, 'options' | 'writable' | 'noexec'> {
  const options: Record<string, string> = {};
  let writable = false;
  let noexec = false;
  for (const option of text.split(',').filter((part) => part !== '')) {
    const at = option.indexOf('=');
    const name = at < 0 ? option : option.slice(0, at);
    const value = at < 0 ? '' : option.slice(at + 1);
    if (name === 'rw') writable = true;
    else if (name === 'ro') writable = false;
    else if (name === 'noexec') noexec = true;
    else if (name === 'exec') noexec = false;
    if (STANDARD.has(name) || /^x-/i.test(name)) continue;
    if (known.has(name)) {
      const values = known.get(name);
      if (value === '' || values?.includes(value) === false) {
        throw wrong({ option, expected: `${name}=${values?.join('|') ?? 'VALUE'}` });
      }
      options[name] = value;
    } else if (!sloppy) {
      const ours = [...known.keys()].map((one) => `${one}=`).join(', ');
      throw wrong({ option, expected: `ro, nofail, ... (docs/INSTALL.md), ${ours}` });
    }
  }
  return { options, writable, noexec };
}

function wrong(facts: Readonly<Record<string, string>>): LarderError {
  return new LarderError('INVALID_ARGUMENT', facts);
}
